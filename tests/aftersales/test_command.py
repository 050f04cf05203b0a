"""`heqi assess`, `heqi rules`, `heqi policy check` as other programs use them; the measure in ../shared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.aftersales.catalogue import as_markdown, rules
from bot.command import main
from tests.aftersales.build import POLICY, price, protection, raw_case

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "eval"


def lines(*cases: object) -> str:
    return "".join((case if isinstance(case, str) else json.dumps(case, ensure_ascii=False)) + "\n" for case in cases)


def run(arguments: list[str], given: str = "") -> tuple[int, list[dict[str, object]], str]:
    done = CliRunner().invoke(main, arguments, input=given)
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.stderr


def test_one_line_each_in_order_and_a_bad_line_stops_nothing() -> None:
    good = raw_case("price_protection", ["price_drop"], protection=protection(), price=price(9000))
    bad = raw_case() | {"line_id": "L9"}
    over = raw_case(policy={"goodwill_ratio": 2})
    status, answers, _ = run(["assess"], lines(good, "{", bad, over, good))
    assert status == 0
    assert [("error" in answer) for answer in answers] == [False, True, True, True, False]
    assert [answer["error"]["field"] for answer in answers[1:4]] == ["(line)", "line_id", "policy.goodwill_ratio"]  # type: ignore[index]
    assert answers[0] == answers[4]
    assert answers[0]["floor_fen"] == 1000


def test_the_answer_has_the_contracts_keys() -> None:
    _, answers, _ = run(["assess"], lines(raw_case("return_goods", ["change_of_mind"])))
    (answer,) = answers
    assert set(answer) >= {
        "decision", "remedies", "floor_fen", "cap_fen", "return_freight", "needs", "to_human", "reasons", "options_for_customer",
        "deadlines",
    }
    assert set(answer["remedies"][0]) == {"remedy", "fen", "return_needed", "kind"}  # type: ignore[index]
    assert set(answer["reasons"][0]) >= {"rule", "text", "source"}  # type: ignore[index]
    assert set(answer["deadlines"][0]) == {"what", "at"}  # type: ignore[index]


def test_another_policy_file(tmp_path: Path) -> None:
    file = tmp_path / "generous.yml"
    file.write_text("auto_limit_fen: 5\n", encoding="utf-8")
    _, answers, _ = run(["assess", "--policy", str(file)], lines(raw_case("return_goods", ["change_of_mind"])))
    assert answers[0]["to_human"] == "over_limit"
    file.write_text("returns: {window_hours: 24}\n", encoding="utf-8")
    status, _, said = run(["assess", "--policy", str(file)])
    assert (status, "returns.window_hours" in said) == (1, True)


def test_answers_come_while_the_input_is_open() -> None:
    """A program may wait for an answer before it sends the next case."""
    argv = [sys.executable, "-c", "from bot.command import main; main()", "assess"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdin.write(lines(raw_case()).encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["decision"] == "owed"
        process.stdin.close()
        assert process.wait(30) == 0


def test_assess_starts_without_heavy_modules() -> None:
    script = "import sys, bot.command.assess; print([name for name in ('rasa', 'spacy', 'sqlalchemy', 'numpy', 'tensorflow') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_policy_check(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["policy", "check", str(ROOT / "policy.yml")])
    assert (done.exit_code, POLICY.version in done.stdout) == (0, True)
    low = tmp_path / "low.yml"
    low.write_text("returns: {window_hours: 167}\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["policy", "check", str(low)])
    assert done.exit_code == 1
    assert "returns.window_hours" in done.stderr
    assert "第25条" in done.stderr


def test_the_rules_document_is_current(tmp_path: Path) -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == as_markdown(), "run: heqi rules"
    out = tmp_path / "rules.md"
    assert CliRunner().invoke(main, ["rules", "--out", str(out)]).exit_code == 0
    assert out.read_text(encoding="utf-8") == as_markdown()
    out.write_text("old", encoding="utf-8")
    assert CliRunner().invoke(main, ["rules", "--check", "--out", str(out)]).exit_code == 1


def test_every_row_of_the_price_table_has_its_rule() -> None:
    ids = {each.id for each in rules()}
    assert {f"PP-{row:02}" for row in range(1, 25)} <= ids
    assert {f"HU-{row:02}" for row in range(1, 10)} <= ids


@pytest.mark.skipif(not (SHARED / "assess_dev.jsonl").exists(), reason="../shared/eval is not here: the measuring cases are missing")
def test_the_measuring_cases_hold() -> None:
    command = f"{sys.executable} -c 'from bot.command import main; main()' assess"
    argv = [sys.executable, str(SHARED / "score_assess.py"), str(SHARED / "assess_dev.jsonl"), "--cmd", command]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout


def test_the_bench_measures_both_ways_in(tmp_path: Path) -> None:
    out = tmp_path / "assess.json"
    status, _, _ = run(["bench", "assess", "--seconds", "0.1", "--lines", "1", "--json", str(out)])
    assert status == 0
    measured = json.loads(out.read_text(encoding="utf-8"))
    assert measured["command_lines"] == measured["cases"] > 500
    assert measured["call_per_second"] > 0 < measured["command_per_second"]
