"""The ways of looking at a sentence that the classifiers combine, one linear model each.

Characters see wording, pinyin sees through homophones and voice input (退宽 reads like 退款), the two
encoders see meaning. They err differently: their geometric mean is better
than any of them and than one model over all of it, and takes a fraction of the time to train.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from pypinyin import lazy_pinyin
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.language.sentence_vectors import USE_WIDTH

Numbers = npt.NDArray[np.float64]
SMALLEST = 1e-6
SPARSE_STRENGTH = 30.0
DENSE_STRENGTH = 5.0


class Sentence(msgspec.Struct, frozen=True):
    """What the views look at: the normalised words and the encoders' numbers (896)."""

    text: str
    vector: npt.NDArray[np.float32]


def character_grams(sentence: Sentence) -> list[str]:
    """Runs of one to three characters, with the edges of the text marked."""
    return grams(f"^{sentence.text.replace(' ', '')}$", 3)


def pinyin_grams(sentence: Sentence) -> list[str]:
    """Runs of one to three syllables, without tones: homophones look alike."""
    return grams(lazy_pinyin(sentence.text.replace(" ", "")), 3)


def grams(units: Sequence[str], longest: int) -> list[str]:
    """All runs of one to `longest` units, each run a string."""
    return [
        "\x1f".join(units[start : start + length])
        for length in range(1, longest + 1)
        for start in range(len(units) - length + 1)
    ]


GRAMS = {"characters": character_grams, "pinyin": pinyin_grams}
DENSE = {"use": slice(0, USE_WIDTH), "e5": slice(USE_WIDTH, None)}
VIEWS = (*GRAMS, *DENSE)


class View:
    """One view's features: `fit` learns what there is, `features` makes a row a sentence."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._grams: Any = None
        self._mean: Any = None

    def fit(self, sentences: Sequence[Sentence]) -> Any:
        """Learns the grams that occur, or the encoder's mean; returns the features of `sentences`."""
        if self.name in GRAMS:
            self._grams = TfidfVectorizer(analyzer=GRAMS[self.name], sublinear_tf=True, dtype=np.float32)
            return self._grams.fit_transform(sentences)
        self._mean = self._dense(sentences).mean(axis=0)
        return self.features(sentences)

    def features(self, sentences: Sequence[Sentence]) -> Any:
        """(n, width), sparse for grams."""
        if self.name in GRAMS:
            return self._grams.transform(sentences)
        centred = self._dense(sentences) - self._mean
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        return centred / np.maximum(length, SMALLEST)

    def _dense(self, sentences: Sequence[Sentence]) -> Any:
        return np.stack([sentence.vector[DENSE[self.name]] for sentence in sentences]).astype(np.float64)


class Linear:
    """A linear model over one view's features, kept as one matrix: a sentence is one small product."""

    def __init__(self) -> None:
        self.weights: Any = None
        self.bias: Numbers = np.zeros(0)

    def fit_classes(self, features: Any, classes: Sequence[str]) -> Linear:
        """One class a row of `features`; scores then are log-probabilities up to a constant a row."""
        targets = np.array(classes)
        if sparse.issparse(features):
            return self.fit_labels(features, targets[:, None] == np.unique(targets)[None, :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is meant: it generalises no worse
            model = LogisticRegression(C=DENSE_STRENGTH, max_iter=60, tol=1e-3, class_weight="balanced").fit(features, targets)
        self.weights, self.bias = model.coef_.T.astype(np.float32), model.intercept_
        return self

    def fit_labels(self, features: Any, labels: npt.NDArray[np.bool_]) -> Linear:
        """labels (n, k) true where the label holds; each column against the rest, scores are log-odds."""
        columns, bias = [], []
        for column in labels.T:
            model = LogisticRegression(
                C=SPARSE_STRENGTH if sparse.issparse(features) else DENSE_STRENGTH, solver="liblinear",
                dual=sparse.issparse(features), class_weight="balanced", random_state=0, max_iter=300, tol=1e-2,
            ).fit(features, column)
            columns.append(model.coef_[0])
            bias.append(model.intercept_[0])
        self.weights, self.bias = np.stack(columns, axis=1).astype(np.float32), np.array(bias)
        return self

    def scores(self, features: Any) -> Numbers:
        """(n, k)."""
        return np.asarray(features @ self.weights, dtype=np.float64) + self.bias


def log_softmax(scores: Numbers) -> Numbers:
    """(n, k) scores → log-probabilities, each row's probabilities adding up to one."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
