"""`heqi bench nlu`: our understanding beside Rasa's stock Chinese pipeline, trained on the same sentences.

Both are trained fresh and asked inside Rasa, one message at a time. The messages that measure lie outside the
project (../shared/eval); nothing is trained on them. Definitions: ../shared/eval/README.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import yaml

from bot import processes
from bot.language.intent_model import REFINED
from bot.settings import ROOT

AFTER_SALES = (
    "refund", "return_goods", "exchange", "repair", "resend", "cancel_order", "price_protection", "compensation", "complaint", "human",
    "report_problem", "refund_status",
)
UNUSABLE = ["other"]
ENTITY_CLOCK = "2026-11-25T10:00:00+08:00"
"""When the annotated messages of tests/language/entities.yml are said."""

BINS = 10
STOCK: list[dict[str, Any]] = [
    {"name": "JiebaTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
STOCK_EPOCHS = 100
ROWS = {
    "accuracy": ("意图正确 / intent right", "{:.3f}"), "after_sales": ("售后十二类 / after-sales twelve", "{:.3f}"),
    "macro_f1": ("macro-F1", "{:.3f}"), "surest_70": ("最有把握的 70% / at 70 % coverage", "{:.3f}"),
    "surest_90": ("最有把握的 90% / at 90 % coverage", "{:.3f}"), "calibration_error": ("校准误差 / ECE", "{:.3f}"),
    "issues_f1": ("问题类型 / issues micro-F1", "{:.3f}"), "entities_f1": ("实体 / entities F1", "{:.3f}"),
    "amounts_f1": ("金额 / amounts F1", "{:.3f}"), "training_s": ("训练 / training, s", "{:.0f}"),
    "p50_ms": ("单句 / parse p50, ms", "{:.1f}"), "p95_ms": ("单句 / parse p95, ms", "{:.1f}"), "rss_mb": ("内存 / memory, MB", "{:.0f}"),
}


@click.command(help="语言理解,和 Rasa 自带的中文管线并排 / understanding, beside Rasa's stock Chinese pipeline")
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="另存一份 / also write it as JSON")
@click.option("--without-stock", is_flag=True, help="不测自带管线(它要训练很多分钟)/ leave the stock pipeline out (it trains for many minutes)")
@click.option("--eval", "folder", type=click.Path(file_okay=False, path_type=Path), default=ROOT.parent / "shared" / "eval",
              help="评测文件所在目录 / folder with intents_dev.jsonl and issues_dev.jsonl")
def command(target: Path | None, without_stock: bool, folder: Path) -> None:
    if not (folder / "intents_dev.jsonl").exists():
        raise click.ClickException(f"{folder}: intents_dev.jsonl and issues_dev.jsonl are needed to measure; name their folder with --eval")
    with tempfile.TemporaryDirectory(prefix="heqi-bench-") as work:
        results = {"heqi": _ours(Path(work), folder)}
        if not without_stock:
            results["stock"] = _stock(Path(work), folder)
    click.echo(table(results))
    if target:
        target.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _ours(work: Path, folder: Path) -> dict[str, float]:
    environment = {**processes.environment(), "HEQI_VAR": str(work), "HEQI_NOW": ENTITY_CLOCK}
    started = time.perf_counter()
    click.echo("训练和气 / training ours …", err=True)
    _run([str(Path(sys.executable).with_name("heqi")), "train"], environment)
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    for component in pipeline:
        if component["name"] == "SpacyNLP":
            component["model"] = str(work / "language" / "current")
    model = _rasa_model(work, "heqi", pipeline, environment)
    took = time.perf_counter() - started
    return {**_measured(model, folder, environment, issues=True, entities=True), "training_s": took}


def _stock(work: Path, folder: Path) -> dict[str, float]:
    environment = processes.environment()
    started = time.perf_counter()
    click.echo(f"训练自带管线({STOCK_EPOCHS} 轮)/ training the stock pipeline …", err=True)
    model = _rasa_model(work, "stock", [*STOCK, {"name": "DIETClassifier", "epochs": STOCK_EPOCHS}], environment)
    took = time.perf_counter() - started
    return {**_measured(model, folder, environment, issues=False, entities=False), "training_s": took}


def _rasa_model(work: Path, name: str, pipeline: list[dict[str, Any]], environment: dict[str, str]) -> Path:
    config = work / f"{name}.yml"
    config.write_text(yaml.safe_dump({"recipe": "default.v1", "assistant_id": name, "language": "zh", "pipeline": pipeline}), encoding="utf-8")
    argv = [sys.executable, "-W", "ignore", "-m", "rasa", "train", "nlu", "--config", str(config), "--nlu", str(ROOT / "data" / "nlu"),
            "--out", str(work), "--fixed-model-name", name]
    _run(argv, environment)
    return work / f"{name}.tar.gz"


def _run(argv: list[str], environment: dict[str, str], said: str | None = None) -> str:
    done = subprocess.run(argv, cwd=ROOT, env=environment, input=said, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{' '.join(argv[:6])} …: {done.stderr[-2000:]}")
    return done.stdout


def _measured(model: Path, folder: Path, environment: dict[str, str], issues: bool, entities: bool) -> dict[str, float]:
    asked, reviews = _lines(folder / "intents_dev.jsonl"), _lines(folder / "issues_dev.jsonl") if issues else []
    annotated = _annotated() if entities else []
    texts = [item["text"] for item in [*asked, *reviews, *annotated]]
    click.echo(f"问 {len(texts)} 句 / asking {len(texts)} messages …", err=True)
    said = "".join(json.dumps(text) + "\n" for text in texts)
    out = _run([sys.executable, "-W", "ignore", "-m", "bot.language.rasa.measure", str(model)], environment, said).splitlines()
    *answers, last = (json.loads(line) for line in out if line.startswith("{"))
    result = intent_scores([item["labels"] for item in asked], [answer["ranking"] for answer in answers[: len(asked)]])
    took = [answer["ms"] for answer in answers[: len(asked)]]
    result |= {"p50_ms": float(np.percentile(took, 50)), "p95_ms": float(np.percentile(took, 95)), **last}
    if issues:
        found = [{issue["name"] for issue in answer["issues"]} for answer in answers[len(asked) : len(asked) + len(reviews)]]
        result["issues_f1"] = micro_f1([set(item["labels"]) - {"none"} for item in reviews], found)
    if entities:
        found_entities = [answer["entities"] for answer in answers[len(asked) + len(reviews) :]]
        result["entities_f1"] = entity_f1(annotated, found_entities, None)
        result["amounts_f1"] = entity_f1(annotated, found_entities, "amount")
    return result


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _annotated() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests" / "language" / "entities.yml").read_text(encoding="utf-8"))
    return loaded


def accepted(intent: str, labels: Sequence[str]) -> str | None:
    """The label that an intent is right for, itself or what it refines; None where it is wrong."""
    names = [intent, *(coarse for fine, coarse in REFINED if fine == intent)]
    return next((name for name in names if name in labels), None)


def intent_scores(labels: Sequence[Sequence[str]], rankings: Sequence[Sequence[dict[str, Any]]]) -> dict[str, float]:
    """Accepted labels and ranked answers of each message → the intent rows of the table."""
    usable = [(gold, ranking[0]) for gold, ranking in zip(labels, rankings, strict=True) if list(gold) != UNUSABLE]
    right = np.array([accepted(best["name"], gold) is not None for gold, best in usable])
    sure = np.array([best["confidence"] for _, best in usable])
    order = np.argsort(-sure, kind="stable")
    of_twelve = [hit for hit, (gold, _) in zip(right, usable, strict=True) if gold[0] in AFTER_SALES]
    return {
        "accuracy": float(right.mean()),
        "after_sales": float(np.mean(of_twelve)),
        "macro_f1": macro_f1([(gold[0], gold[0] if accepted(best["name"], gold) else best["name"]) for gold, best in usable]),
        "surest_70": float(right[order[: int(len(order) * 0.7)]].mean()),
        "surest_90": float(right[order[: int(len(order) * 0.9)]].mean()),
        "calibration_error": calibration_error(sure, right),
    }


def calibration_error(sure: Any, right: Any) -> float:
    """Expected calibration error over ten equal bins (Guo et al. 2017): mean gap of confidence and hit rate."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in range(BINS) if (bins == b).any()]
    return float(sum(gaps))


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """(true, said) of each message → mean over the true labels of their F1."""
    hits = Counter(true for true, said in pairs if true == said)
    true_of, said_of = Counter(true for true, _ in pairs), Counter(said for _, said in pairs)
    return float(np.mean([2 * hits[name] / (true_of[name] + said_of[name]) for name in true_of]))


def micro_f1(gold: Sequence[set[str]], found: Sequence[set[str]]) -> float:
    """Labels that hold and labels found, of each message → F1 over all labels together."""
    hits = sum(len(one & other) for one, other in zip(gold, found, strict=True))
    return 2 * hits / max(1, sum(map(len, gold)) + sum(map(len, found)))


def entity_f1(annotated: Sequence[dict[str, Any]], found: Sequence[list[dict[str, Any]]], only: str | None) -> float:
    """Name, value and place must be right. `only` one kind of entity, or all that are annotated at all."""
    kinds = {only} if only else {e["entity"] for message in annotated for e in message["entities"]}
    hits = said = true = 0
    for message, entities in zip(annotated, found, strict=True):
        gold = Counter((e["entity"], e["value"], e["text"]) for e in message["entities"] if e["entity"] in kinds)
        got = Counter((e["entity"], e["value"], message["text"][e["start"] : e["end"]]) for e in entities if e["entity"] in kinds)
        hits, said, true = hits + sum((gold & got).values()), said + sum(got.values()), true + sum(gold.values())
    return 2 * hits / max(1, said + true)


def table(results: dict[str, dict[str, float]]) -> str:
    """The results side by side, a row a measure."""
    lines = [f"{'':42}" + "".join(f"{name:>12}" for name in results)]
    for key, (label, form) in ROWS.items():
        cells = "".join(f"{form.format(result[key]) if key in result else '—':>12}" for result in results.values())
        lines.append(f"{label:42}{cells}")
    return "\n".join(lines) + f"\n({os.cpu_count()} cores)"
