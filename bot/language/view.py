"""The ways of looking at a sentence that the classifiers combine, and the one kernel machine over them.

Characters see wording, pinyin sees through homophones and voice input (退宽 reads like 退款), the two
encoders see meaning. Each way says how alike two sentences are; the weighted sum of the four is the kernel of
a ridge regression (Gaussian process regression's mean; Rasmussen & Williams 2006, 2.23). It has a closed
solution: no steps, no chance, seconds to train. It was better than logistic regressions over the same views,
because likeness that falls off with distance keeps far sentences from having a say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from pypinyin import lazy_pinyin
from scipy import linalg
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.language.sentence_vectors import USE_WIDTH

Numbers = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
SMALLEST = 1e-6


class Sentence(msgspec.Struct, frozen=True):
    """What the views look at: the normalised words and the encoders' numbers (896)."""

    text: str
    vector: Floats


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


class GramView:
    """Likeness of two texts: the cosine of their weighted grams."""

    def __init__(self, analyzer: Any) -> None:
        self._grams = TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, dtype=np.float32)
        self._weights: Any = None

    def fit(self, sentences: Sequence[Sentence]) -> Floats:
        """Learns the grams that occur; returns the likeness of all pairs (n, n)."""
        self._known = self._grams.fit_transform(sentences)
        return np.asarray((self._known @ self._known.T).toarray(), dtype=np.float32)

    def settle(self, coefficients: Floats) -> None:
        """Takes the machine's coefficients (n, k). The cosine is linear, so the sentences themselves can be forgotten."""
        self._weights = np.asarray(self._known.T @ coefficients, dtype=np.float32)
        del self._known

    def scores(self, sentences: Sequence[Sentence]) -> Floats:
        """(m, k): the sum over the known sentences of likeness times coefficient."""
        return np.asarray(self._grams.transform(sentences) @ self._weights, dtype=np.float32)


class VectorView:
    """Likeness of two vectors: exp(-|a - b|²) of the centred ones, each of length one."""

    def __init__(self, columns: slice) -> None:
        self._columns = columns

    def fit(self, sentences: Sequence[Sentence]) -> Floats:
        """Learns the mean and keeps the vectors; returns the likeness of all pairs (n, n)."""
        self._mean = self._raw(sentences).mean(axis=0)
        self._known = self._centred(sentences)
        return self._likeness(self._known)

    def settle(self, coefficients: Floats) -> None:
        """Takes the machine's coefficients (n, k)."""
        self._coefficients = coefficients

    def scores(self, sentences: Sequence[Sentence]) -> Floats:
        """(m, k): the sum over the known sentences of likeness times coefficient."""
        return np.asarray(self._likeness(self._centred(sentences)) @ self._coefficients)

    def _likeness(self, rows: Floats) -> Floats:
        likeness = rows @ self._known.T
        likeness -= 1
        likeness *= 2
        return np.asarray(np.exp(likeness, out=likeness))

    def _centred(self, sentences: Sequence[Sentence]) -> Floats:
        rows = self._raw(sentences) - self._mean
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), SMALLEST))

    def _raw(self, sentences: Sequence[Sentence]) -> Floats:
        return np.stack([sentence.vector[self._columns] for sentence in sentences])


View = GramView | VectorView


def view(name: str) -> View:
    """A new view: characters, pinyin, use or e5."""
    if name == "use":
        return VectorView(slice(0, USE_WIDTH))
    if name == "e5":
        return VectorView(slice(USE_WIDTH, None))
    return GramView({"characters": character_grams, "pinyin": pinyin_grams}[name])


class Machine:
    """Ridge regression of several targets at once on the weighted likeness of the views."""

    def __init__(self, weights: Mapping[str, float], ridge: float) -> None:
        """`weights` of the views' likeness (adding up to one), `ridge` against learning by heart."""
        self._shares = dict(weights)
        self._views = {name: view(name) for name in weights}
        self._ridge = ridge
        self._base: Numbers = np.zeros(0)

    def fit(self, sentences: Sequence[Sentence], targets: Floats, trust: Floats, folds: npt.NDArray[np.int64]) -> Numbers:
        """Learns targets (n, k); `trust` (n,) says how much each sentence counts.

        Returns the held-out scores (n, k): those of each fold from a machine that has not learnt from it,
        zeros for the sentences of negative folds, which are always learnt from.
        """
        likeness = np.zeros((len(sentences), len(sentences)), dtype=np.float32)
        for name, part in self._views.items():
            likeness += np.float32(self._shares[name]) * part.fit(sentences)
        self._base = targets.mean(axis=0).astype(np.float64)
        penalty = (self._ridge / trust).astype(np.float32)
        held_out = np.zeros(targets.shape)
        for fold in np.unique(folds[folds >= 0]):
            inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            found = _solved(likeness[np.ix_(inside, inside)], penalty[inside], targets[inside] - self._base)
            held_out[outside] = likeness[np.ix_(outside, inside)] @ found + self._base
        found = _solved(likeness, penalty, targets - self._base)
        for name, part in self._views.items():
            part.settle(np.float32(self._shares[name]) * found)
        return held_out

    def scores(self, sentences: Sequence[Sentence]) -> Numbers:
        """(m, k): about 1 where the target holds and 0 where not."""
        total = sum(part.scores(sentences) for part in self._views.values())
        return np.asarray(total + self._base, dtype=np.float64)


def _solved(likeness: Floats, penalty: Floats, targets: Floats) -> Floats:
    """(likeness + diag(penalty))⁻¹ targets. Overwrites `likeness`."""
    likeness[np.diag_indices(len(likeness))] += penalty
    found = linalg.solve(likeness, targets.astype(np.float32), assume_a="pos", overwrite_a=True, check_finite=False)
    return np.asarray(found, dtype=np.float32)


def log_softmax(scores: Numbers) -> Numbers:
    """(n, k) scores → log-probabilities, each row's probabilities adding up to one."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
