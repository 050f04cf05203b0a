"""The shop's spaCy pipeline for Chinese: segmentation, entities, sentence vector, issue kinds, intent.

Importing this module registers the tokenizer and the components with spaCy, after which
`spacy.load(path)` reads a saved pipeline. Each component reads what those before it left on the doc:

  tokenizer       jieba with the shop's lexicon
  heqi_reader     doc._.normalised, doc._.entities, doc._.mood        (resolved against doc.user_data["now"])
  heqi_vectors    doc.vector (896: both encoders side by side), doc._.clauses
  heqi_classifier doc._.intents: (name, probability), best first; doc._.wishes;
                  doc.cats: kind of issue → probability; doc._.issues: those stated
"""

# No `from __future__ import annotations` here: spaCy reads the factories' annotations as types.

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import joblib
import numpy as np

from bot.language.spacy_alone import spacy  # isort: skip  (before anything of spaCy)
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import get_words_and_spaces, minibatch, registry

from bot.language import wish
from bot.language.classifier import Classifier
from bot.language.e5 import Encoder, encoder
from bot.language.extraction import entities
from bot.language.mood import mood
from bot.language.normalise import normalise
from bot.language.segmentation import segmented
from bot.language.sentence_vectors import USE_WIDTH, WIDTH, e5_vectors, use_vectors
from bot.language.view import Sentence
from bot.language.withdrawal import guarded

SHOP_ZONE = ZoneInfo("Asia/Shanghai")
NOW = "now"
"""Key of doc.user_data under which the time of the message stands."""
BATCH = 256
BESIDE = ThreadPoolExecutor(1)
"""Where one encoder computes while the other does: neither holds Python's lock."""

COMPONENTS = ("heqi_reader", "heqi_vectors", "heqi_classifier")

for extension in ("normalised", "entities", "mood", "clauses", "issues", "intents", "wishes"):
    Doc.set_extension(extension, default=None, force=True)


def message_time(doc: Doc) -> datetime:
    """When the message was sent: given with the doc, frozen by HEQI_NOW, or now; in the shop's zone."""
    given = doc.user_data.get(NOW)
    if isinstance(given, datetime):
        return given.astimezone(SHOP_ZONE)
    frozen = os.environ.get("HEQI_NOW")
    return datetime.fromisoformat(frozen).astimezone(SHOP_ZONE) if frozen else datetime.now(SHOP_ZONE)


class ShopTokenizer:
    """Cuts text into words with jieba and the shop's lexicon; spaces are kept as spaCy wants them."""

    def __init__(self, nlp: Language) -> None:
        self.vocab = nlp.vocab

    def __call__(self, text: str) -> Doc:
        words, spaces = get_words_and_spaces(segmented(text), text)
        return Doc(self.vocab, words=words, spaces=spaces)

    def to_disk(self, path: Path, exclude: Iterable[str] = ()) -> None:
        """Nothing to keep: the lexicon is part of the code."""

    def from_disk(self, path: Path, exclude: Iterable[str] = ()) -> "ShopTokenizer":
        """The tokenizer as it is."""
        return self


@registry.tokenizers("heqi.ShopTokenizer.v1")  # type: ignore[untyped-decorator]
def shop_tokenizer() -> Callable[[Language], ShopTokenizer]:
    """Makes the tokenizer for a pipeline; named in the saved config."""
    return ShopTokenizer


class Component:
    """A component that works on batches; one doc is a batch of one."""

    def batch(self, docs: list[Doc]) -> None:
        """Adds to every doc what this component knows."""
        raise NotImplementedError

    def __call__(self, doc: Doc) -> Doc:
        self.batch([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], batch_size: int = BATCH) -> Iterator[Doc]:
        """The same for many docs, in batches."""
        for docs in minibatch(stream, size=BATCH):  # type: ignore[no-untyped-call]
            self.batch(docs)
            yield from docs


@Language.factory("heqi_reader")
class Reader(Component):
    """Normal spelling, entities and mood."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.name = name

    def batch(self, docs: list[Doc]) -> None:
        for doc in docs:
            doc._.normalised = normalise(doc.text)
            doc._.entities = entities(doc._.normalised, message_time(doc))
            doc._.mood = mood(doc._.normalised)
            spans = [doc.char_span(e.start, e.end, label=e.entity) for e in doc._.entities]
            doc.set_ents(spacy.util.filter_spans([span for span in spans if span is not None]))


@Language.factory("heqi_vectors")
class Vectors(Component):
    """The sentence vector, and the clauses of a message that has several, each with its own (first encoder only)."""

    encoder: Encoder

    def __init__(self, nlp: Language, name: str) -> None:
        self.name = name

    def batch(self, docs: list[Doc]) -> None:
        texts = [doc._.normalised.words() for doc in docs]
        clauses = [wish.clauses(text) for text in texts]
        parts = [clause for some in clauses for clause in some]
        e5_rows = BESIDE.submit(e5_vectors, texts, self.encoder)
        use = use_vectors([*texts, *parts])  # in one go: reading the weights is most of it
        of_parts = iter(map(without_e5, parts, use[len(texts) :]))
        for doc, some, row, e5_row in zip(docs, clauses, use, e5_rows.result(), strict=False):
            doc.vector = np.concatenate([row, e5_row])
            doc._.clauses = [next(of_parts) for _ in some]

    def to_disk(self, path: Path, exclude: Iterable[str] = ()) -> None:
        """Puts the encoder's files there."""
        self.encoder.save(Path(path))

    def from_disk(self, path: Path, exclude: Iterable[str] = ()) -> "Vectors":
        """Reads the encoder."""
        self.encoder = encoder(Path(path).resolve())
        return self


@Language.factory("heqi_classifier")
class Reading(Component):
    """What a message wants, guarded against withdrawals, every wish in it, and the kinds of issue it states."""

    model: Classifier

    def __init__(self, nlp: Language, name: str) -> None:
        self.name = name

    def batch(self, docs: list[Doc]) -> None:
        intents, clause_intents, issues = self.model.read([sentence_of(doc) for doc in docs], [doc._.clauses for doc in docs])
        of_clauses = iter(clause_intents)
        for doc, intent_row, issue_row in zip(docs, intents, issues, strict=True):
            doc._.intents = self._ranked(doc._.normalised.words(), intent_row)
            doc._.wishes = wish.wishes(doc._.intents[0][0], [self._ranked(clause.text, next(of_clauses))[0] for clause in doc._.clauses])
            doc.cats = dict(zip(self.model.issues.names, issue_row.tolist(), strict=True))
            doc._.issues = self.model.issues.stated(issue_row)

    def _ranked(self, text: str, row: Any) -> list[tuple[str, float]]:
        names = self.model.intents.names
        row = guarded(text, names, row)
        return [(names[i], float(row[i])) for i in np.argsort(-row, kind="stable")]

    def to_disk(self, path: Path, exclude: Iterable[str] = ()) -> None:
        """Writes the fitted models."""
        Path(path).mkdir(parents=True, exist_ok=True)
        joblib.dump(self.model, Path(path) / "model.joblib")  # not compressed: that took longer than learning

    def from_disk(self, path: Path, exclude: Iterable[str] = ()) -> "Reading":
        """Reads the fitted models."""
        self.model = _read((Path(path) / "model.joblib").resolve())
        return self


@lru_cache(maxsize=1)
def _read(file: Path) -> Any:
    """The fitted models, once for all pipelines of a process, which only read them: Rasa loads the pipeline twice
    (SpacyNLP stands twice in its graph), and would hold all models twice, 200 MiB."""
    return joblib.load(file)


def sentence_of(doc: Doc) -> Sentence:
    """What the classifiers look at."""
    return Sentence(doc._.normalised.words(), np.asarray(doc.vector))


def clauses_of(texts: list[str]) -> list[list[Sentence]]:
    """The clauses of each text that has several, with zeros for the slower encoder."""
    parts = [wish.clauses(text) for text in texts]
    flat = [part for some in parts for part in some]
    sentences = map(without_e5, flat, use_vectors(flat))
    return [[next(sentences) for _ in some] for some in parts]


def without_e5(text: str, use: Any) -> Sentence:
    """A clause: zeros for the slower encoder."""
    return Sentence(text, np.concatenate([use, np.zeros(WIDTH - USE_WIDTH, dtype=np.float32)]))


def assembled(encoder: Encoder, classifier: Classifier) -> Language:
    """The pipeline around fitted models, to be saved with `to_disk`."""
    config = {"nlp": {"tokenizer": {"@tokenizers": "heqi.ShopTokenizer.v1"}}}
    nlp = spacy.blank("zh", config=config, vocab=True)
    for name in COMPONENTS:
        nlp.add_pipe(name)
    vectors: Any = nlp.get_pipe("heqi_vectors")
    vectors.encoder = encoder
    reading: Any = nlp.get_pipe("heqi_classifier")
    reading.model = classifier
    return nlp

