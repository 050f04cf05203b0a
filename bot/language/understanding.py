"""Understanding a message: the one way in for everything outside Rasa."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from bot.language import pipeline
from bot.language.entity import Entity
from bot.language.spacy_alone import spacy

RANKING = 3


class Scored(msgspec.Struct, frozen=True):
    """A name with its probability (0–1)."""

    name: str
    confidence: float


class Understanding(msgspec.Struct, frozen=True):
    """What a message says. `ranking` has the three likeliest intents, `issues` the kinds it states,
    `wishes` every wish with the one to act on first; `mood` is one of mood.MOODS."""

    text: str
    intent: str
    confidence: float
    ranking: tuple[Scored, ...]
    issues: tuple[Scored, ...]
    entities: tuple[Entity, ...]
    mood: str = "calm"
    wishes: tuple[str, ...] = ()


def of(doc: Any) -> Understanding:
    """Reads the understanding off a doc that the pipeline has made."""
    ranking = tuple(Scored(name, round(p, 4)) for name, p in doc._.intents[:RANKING])
    return Understanding(
        text=doc.text,
        intent=ranking[0].name,
        confidence=ranking[0].confidence,
        ranking=ranking,
        issues=tuple(Scored(name, round(p, 4)) for name, p in doc._.issues),
        entities=tuple(doc._.entities),
        mood=doc._.mood,
        wishes=doc._.wishes,
    )


class Language:
    """A loaded pipeline."""

    def __init__(self, nlp: Any) -> None:
        self._nlp = nlp

    def understand(self, text: str, now: datetime) -> Understanding:
        """One message, said at `now` (with a zone)."""
        return next(self.understand_many([text], now))

    def understand_many(self, texts: Iterable[str], now: datetime) -> Iterator[Understanding]:
        """Many messages, in their order; much faster than one by one."""
        for doc in self._nlp.pipe(self._doc(text, now) for text in texts):
            yield of(doc)

    def doc(self, text: str, now: datetime) -> Any:
        """The spaCy doc of one message, with everything on it (bot/language/pipeline.py)."""
        return self._nlp(self._doc(text, now))

    def _doc(self, text: str, now: datetime) -> Any:
        doc = self._nlp.make_doc(text)
        doc.user_data[pipeline.NOW] = now
        return doc


def load(path: Path) -> Language:
    """The pipeline saved at `path` (by `heqi train`). FileNotFoundError where there is none."""
    if not (path / "config.cfg").exists():
        raise FileNotFoundError(f"{path}: no trained language pipeline here; run `heqi train` first")
    return Language(spacy.load(path))
