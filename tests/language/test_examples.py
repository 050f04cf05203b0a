"""The training sentences as an asset: enough of them, none twice, none under two intents, none from the eval files."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.language.examples import BadExamples, Example, intent_examples, issue_examples
from bot.language.normalise import normalise
from bot.settings import ROOT

INTENTS = intent_examples(ROOT / "data" / "nlu")
ISSUES = issue_examples(ROOT / "data" / "issues")
EVAL = ROOT.parent / "shared" / "eval"
EVERYDAY = 4
"""Forms no longer than this (好的, 在吗, 转人工) belong to everybody."""

ALIKE = 0.9
TELLING = 5
"""Sentences shorter than this differ by a character and mean another thing."""

OPPOSITE = re.compile(r"[不没未别]")


def bare(text: str) -> str:
    """The text without spaces and punctuation; emoji alone give an empty one."""
    return re.sub(r"[^\w\ue000-\uf8ff]|_", "", normalise(text).text)


def near_pairs(examples: list[Example]) -> list[tuple[Example, Example]]:
    long = [example for example in examples if len(bare(example.text)) >= TELLING]
    grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True).fit_transform([bare(e.text) for e in long])
    likeness = (grams @ grams.T).tocoo()
    pairs = []
    for one, other, cosine in zip(likeness.row, likeness.col, likeness.data, strict=True):
        if one < other and cosine > 0.85:
            a, b = bare(long[one].text), bare(long[other].text)
            if difflib.SequenceMatcher(None, a, b).ratio() >= ALIKE + 0.02 and OPPOSITE.findall(a) == OPPOSITE.findall(b):
                pairs.append((long[one], long[other]))
    return pairs


def test_there_are_thousands() -> None:
    assert len(INTENTS) >= 4000
    assert len(ISSUES) >= 1500


def test_every_intent_is_one_the_dialogue_knows() -> None:
    known = set(yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"])
    assert {label for example in INTENTS for label in example.labels} <= known


@pytest.mark.parametrize("examples", [INTENTS, ISSUES], ids=["intents", "issues"])
def test_no_sentence_stands_twice_or_for_two_things(examples: list[Example]) -> None:
    times = Counter(bare(example.text) for example in examples)
    assert [text for text, count in times.items() if count > 1 and len(text) > 2] == []
    labels: dict[str, set[tuple[str, ...]]] = {}
    for example in examples:
        labels.setdefault(bare(example.text), set()).add(example.labels)
    assert {text: found for text, found in labels.items() if text and len(found) > 1} == {}


@pytest.mark.parametrize("examples", [INTENTS, ISSUES], ids=["intents", "issues"])
def test_no_two_sentences_are_nearly_the_same(examples: list[Example]) -> None:
    assert [(one.text, other.text) for one, other in near_pairs(examples)] == []


@pytest.mark.skipif(not EVAL.exists(), reason="../shared/eval is not here: nothing to compare with")
@pytest.mark.parametrize("name", ["intents_dev.jsonl", "issues_dev.jsonl"])
def test_no_sentence_is_shared_with_what_measures(name: str) -> None:
    measured = {bare(json.loads(line)["text"]) for line in (EVAL / name).read_text(encoding="utf-8").splitlines()}
    shared = [e.text for e in [*INTENTS, *ISSUES] if bare(e.text) in measured and len(bare(e.text)) > EVERYDAY]
    assert shared == []


@pytest.mark.parametrize("content", ["nlu:\n- examples: x", "nlu:\n- intent: refund\n  examples: |\n    退款", "nlu: ["])
def test_a_file_that_cannot_be_used_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text(content, encoding="utf-8")
    with pytest.raises(BadExamples, match=r"bad\.yml"):
        intent_examples(tmp_path)
