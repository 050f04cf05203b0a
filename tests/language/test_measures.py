"""The measures of `heqi bench nlu`, on answers small enough to count by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.command.bench_nlu import accepted, calibration_error, entity_f1, intent_scores, macro_f1, micro_f1


@pytest.mark.parametrize(("intent", "labels", "label"), [
    ("refund", ["refund"], "refund"), ("refund", ["return_goods", "refund"], "refund"), ("withdraw_request", ["cancel_order"], "cancel_order"),
    ("insult", ["complaint"], "complaint"), ("cancel_order", ["withdraw_request"], None), ("logistics", ["refund"], None),
])
def test_a_finer_intent_counts_as_what_it_refines_and_not_the_other_way(intent: str, labels: list[str], label: str | None) -> None:
    assert accepted(intent, labels) == label


def test_the_surest_are_scored_by_themselves_and_other_is_left_out() -> None:
    labels = [["refund"]] * 6 + [["logistics"]] * 4 + [["other"]]
    said = [("refund", 0.9)] * 7 + [("refund", 0.2)] * 2 + [("logistics", 0.1)] + [("refund", 1.0)]
    scores = intent_scores(labels, [[{"name": name, "confidence": confidence}] for name, confidence in said])
    assert scores["accuracy"] == pytest.approx(0.7)
    assert scores["after_sales"] == pytest.approx(1.0)
    assert scores["surest_70"] == pytest.approx(6 / 7)


def test_calibration_error_is_the_gap_between_saying_and_being_right() -> None:
    assert calibration_error(np.array([0.75] * 4), np.array([True, True, True, False])) == pytest.approx(0)
    assert calibration_error(np.array([1.0] * 4), np.array([True, True, False, False])) == pytest.approx(0.5)


def test_f1_macro_and_micro() -> None:
    assert macro_f1([("a", "a"), ("a", "b"), ("b", "b")]) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert micro_f1([{"a", "b"}, set()], [{"a"}, {"c"}]) == pytest.approx(2 * 1 / (2 + 2))


def test_an_entity_must_be_right_in_name_value_and_place() -> None:
    annotated = [{"text": "退我50块", "entities": [{"entity": "amount", "value": 5000, "text": "50块"}]}]
    right = {"entity": "amount", "value": 5000, "start": 2, "end": 5}
    assert entity_f1(annotated, [[right]], None) == 1
    assert entity_f1(annotated, [[{**right, "end": 4}]], None) == 0
    assert entity_f1(annotated, [[{**right, "value": 50}]], "amount") == 0


def test_without_the_eval_files_it_says_what_is_missing(tmp_path: Path) -> None:
    heqi = str(Path(sys.executable).with_name("heqi"))
    done = subprocess.run([heqi, "bench", "nlu", "--eval", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "intents_dev.jsonl" in json.dumps(done.stderr)
