"""`heqi dialogue`: trains Rasa's part (intents it knows, rules, stories) where anything it depends on has changed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from bot import processes
from bot.settings import settings

MODEL = "heqi"
STAMP = processes.ROOT / "models" / ".trained"
FOLDERS = ("data/nlu", "data/stories", "bot/dialogue", "bot/language")
FILES = ("domain.yml", "config.yml", "requirements.lock")


def depends_on() -> Iterator[Path]:
    """Everything a Rasa model is made of."""
    for name in FILES:
        yield processes.ROOT / name
    for folder in FOLDERS:
        yield from sorted(path for path in (processes.ROOT / folder).rglob("*") if path.suffix in {".yml", ".py"})


def fingerprint() -> str:
    """A hash over what the model is made of, the trained language pipeline included."""
    digest = hashlib.sha256()
    for path in depends_on():
        digest.update(path.relative_to(processes.ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    current = Path(settings().var) / "language" / "current"
    digest.update(str(current.resolve()).encode())
    return digest.hexdigest()


@click.command()
@click.option("--force", is_flag=True, help="即使没有变化也训练 / train even where nothing has changed")
def command(force: bool) -> None:
    """训练对话,没有变化就不做。"""
    wanted = fingerprint()
    model = processes.ROOT / "models" / f"{MODEL}.tar.gz"
    if not force and model.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        click.echo("对话没有变化 / dialogue is up to date", err=True)
        return
    started = time.perf_counter()
    click.echo("训练对话 / training the dialogue …", err=True)
    argv = [
        sys.executable, "-W", "ignore", "-m", "rasa", "train", "--quiet", "--fixed-model-name", MODEL, "--domain", "domain.yml",
        "--config", "config.yml", "--data", "data/nlu", "data/stories", "--out", "models", "--force",
    ]
    log = Path(settings().var) / "log" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        done = subprocess.run(argv, cwd=processes.ROOT, env=processes.environment(), stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise click.ClickException(f"rasa train 失败,日志末尾:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
    STAMP.write_text(wanted)
    click.echo(f"对话已训练({time.perf_counter() - started:.0f} 秒)/ trained: {model}", err=True)
