"""Trains the language pipeline from the shop's sentences, once for each state of data and code."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.language import e5
from bot.language.classifier import Classifier
from bot.language.examples import Example, intent_examples, issue_examples
from bot.language.intent_model import IntentModel
from bot.language.issue_model import IssueModel
from bot.language.normalise import normalise
from bot.language.pipeline import assembled, clauses_of
from bot.language.sentence_vectors import VectorStore
from bot.language.view import Sentence, Views

if TYPE_CHECKING:
    from spacy.language import Language

CURRENT = "current"
VECTORS = "vectors.npz"
CODE = Path(__file__).parent
QUIET = frozenset({
    "accept_offer", "account", "affirm", "ask_bot", "ask_why", "bye", "chitchat", "counter_offer", "deny", "greet", "human", "inform", "insult",
    "invoice", "modify_order", "out_of_scope", "payment", "policy", "product_info", "promotion", "provide_evidence", "reject_offer", "thank",
    "withdraw_request",
})
"""Intents whose sentences state no kind of issue, unless data/issues says so of one: who asks whether it fades does
not say that it faded. Without them the issue model, raised on complaints, hears trouble in every message."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and of how much."""


def fingerprint(data: Path) -> str:
    """Changes when a training sentence or the code of this room changes (16 hex digits)."""
    seen = hashlib.blake2b(digest_size=8)
    files = [*sorted((data / "nlu").glob("*.yml")), *sorted((data / "issues").glob("*.yml"))]
    files += [path for path in sorted(CODE.iterdir()) if path.suffix in (".py", ".yml")]
    for path in files:
        seen.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


def is_current(data: Path, folder: Path) -> bool:
    """Whether the pipeline in use was trained from exactly this data by this code."""
    current = folder / CURRENT
    return (current / "config.cfg").exists() and current.resolve().name == fingerprint(data)


def train(data: Path, folder: Path, progress: Progress) -> Path:
    """Trains into folder/<fingerprint>, points folder/current at it and returns its path.

    Sentences encoded before are read from folder/vectors.npz. Raises BadExamples for a file that
    cannot be used, ValueError where there is too little to learn from.
    """
    intents, issues = intent_examples(data / "nlu"), issue_examples(data / "issues")
    if len({example.labels for example in intents}) < 2 or not issues:
        raise ValueError(f"{data}: needs sentences for two intents or more in nlu/ and some in issues/")
    encoder = e5.build(e5.weights_file(), folder / e5.NAME)
    sentences = _sentences([*intents, *issues], encoder, folder, progress)
    views = Views(sentences)
    progress("intents", 0, 1)
    intent_model = IntentModel(views).fit(np.arange(len(intents)), [example.labels[0] for example in intents])
    progress("intents", 1, 1)
    progress("issues", 0, 1)
    told = {example.text for example in issues}
    quiet = np.array([row for row, one in enumerate(intents) if one.labels[0] in QUIET and one.text not in told], dtype=np.int64)
    complaints = np.arange(len(intents), len(sentences))
    clauses = clauses_of([sentence.text for sentence in sentences[len(intents) :]])
    issue_model = IssueModel(views).fit(complaints, clauses, [example.labels for example in issues], quiet)
    progress("issues", 1, 1)
    return _save(assembled(encoder, Classifier(views, intent_model, issue_model)), folder, fingerprint(data))


def _sentences(examples: Sequence[Example], encoder: e5.Encoder, folder: Path, progress: Progress) -> list[Sentence]:
    texts = [normalise(example.text).words() for example in examples]
    store = VectorStore(folder / VECTORS, encoder)
    encoded = 0
    for encoded, total in store.encode(texts):
        progress("sentence vectors", encoded, total)
    if encoded:
        store.save()
    return [Sentence(text, row) for text, row in zip(texts, store.rows(texts), strict=True)]


def _save(pipeline: Language, folder: Path, name: str) -> Path:
    target, partial = folder / name, folder / f"{name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    pipeline.to_disk(partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    pointer = folder / f"{CURRENT}.part"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(name, target_is_directory=True)
    os.replace(pointer, folder / CURRENT)
    for old in folder.iterdir():
        if old.is_dir() and not old.is_symlink() and old.name not in (name, e5.NAME):
            shutil.rmtree(old, ignore_errors=True)
    return target
