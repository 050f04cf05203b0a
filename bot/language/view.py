"""The ways of looking at a sentence that the classifiers combine, and the one kernel machine over them.

Characters see wording, pinyin sees through homophones and voice input (退宽 reads like 退款), words see the
terms of the trade, the two encoders see meaning. Each way says how alike two sentences are; a weighted sum of
them is the kernel of a ridge regression (Gaussian process regression's mean; Rasmussen & Williams 2006, 2.23). It has a closed
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

from bot.language.segmentation import segmented
from bot.language.sentence_vectors import USE_WIDTH

Numbers = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Folds = npt.NDArray[np.int64]
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


def word_grams(sentence: Sentence) -> list[str]:
    """Single words and pairs of neighbours."""
    return grams(segmented(sentence.text.replace(" ", "")), 2)


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
        self._known: Any = None

    def fit(self, sentences: Sequence[Sentence]) -> Floats:
        """Learns the grams that occur; returns the likeness of all pairs (n, n)."""
        self._known = self._grams.fit_transform(sentences)
        return np.asarray((self._known @ self._known.T).toarray(), dtype=np.float32)

    def settled(self, coefficients: Floats) -> Floats:
        """A machine's coefficients (n, k) as `scores` wants them: the cosine is linear, so one row a gram does."""
        return np.asarray(self._known.T @ coefficients, dtype=np.float32)

    def forget(self) -> None:
        """Drops what only learning needs: the sentences themselves."""
        self._known = None

    def scores(self, sentences: Sequence[Sentence], settled: Floats) -> Floats:
        """(m, k): the sum over the known sentences of likeness times coefficient."""
        return np.asarray(self._grams.transform(sentences) @ settled, dtype=np.float32)


class VectorView:
    """Likeness of two vectors: exp(-|a - b|²) of the centred ones, each of length one."""

    def __init__(self, columns: slice) -> None:
        self._columns = columns

    def fit(self, sentences: Sequence[Sentence]) -> Floats:
        """Learns the mean and keeps the vectors; returns the likeness of all pairs (n, n)."""
        self._mean = self._raw(sentences).mean(axis=0)
        self._known = self._centred(sentences)
        return self._likeness(self._known)

    def settled(self, coefficients: Floats) -> Floats:
        """The coefficients (n, k) as they are: this likeness is not linear."""
        return coefficients

    def forget(self) -> None:
        """Nothing: the known vectors are needed."""

    def scores(self, sentences: Sequence[Sentence], settled: Floats) -> Floats:
        """(m, k): the sum over the known sentences of likeness times coefficient."""
        return np.asarray(self._likeness(self._centred(sentences)) @ settled)

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
Views = dict[str, View]
Weights = Mapping[str, float]
"""Name of a view → the weight of its likeness; they add up to one."""


def view(name: str) -> View:
    """A new view: characters, pinyin, words, use or e5."""
    if name == "use":
        return VectorView(slice(0, USE_WIDTH))
    if name == "e5":
        return VectorView(slice(USE_WIDTH, None))
    return GramView({"characters": character_grams, "pinyin": pinyin_grams, "words": word_grams}[name])


def fitted(sentences: Sequence[Sentence], *weights: Weights) -> tuple[Views, list[Floats]]:
    """The views that the weights name, fitted once for all machines, and for each weights the weighted likeness (n, n)."""
    views: Views = {name: view(name) for name in weights[0]}
    likeness = [np.zeros((len(sentences), len(sentences)), dtype=np.float32) for _ in weights]
    for name, part in views.items():
        alike = part.fit(sentences)
        for total, shares in zip(likeness, weights, strict=True):
            if name in shares:
                total += np.float32(shares[name]) * alike
    return views, likeness


class Machine:
    """Ridge regression of several targets at once on the weighted likeness of views, which machines may share."""

    def __init__(self, views: Views, weights: Weights, ridge: float) -> None:
        """`ridge` against learning by heart."""
        self._views = views
        self._shares = dict(weights)
        self._ridge = ridge
        self._settled: dict[str, Floats] = {}
        self._base: Numbers = np.zeros(0)

    def fit(
        self, likeness: Floats, targets: Floats, trust: Floats, folds: Folds, parts: Sequence[Sentence] = (), owners: Sequence[int] = ()
    ) -> tuple[Numbers, Numbers]:
        """Learns targets (n, k); `trust` (n,) says how much each sentence counts.

        Returns the held-out scores (n, k): those of each fold from a machine that has not learnt from it,
        zeros for the sentences of negative folds, which are always learnt from. And the same for `parts`, from
        a machine that has not learnt from the sentence whose number `owners` gives.
        """
        self._base = targets.mean(axis=0).astype(np.float64)
        penalty = (self._ridge / trust).astype(np.float32)
        owner_folds = folds[np.asarray(owners, dtype=np.int64)]
        held_out, parts_held_out = np.zeros(targets.shape), np.zeros((len(parts), targets.shape[1]))
        for fold in np.unique(folds[folds >= 0]):
            inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            found = np.zeros(targets.shape, dtype=np.float32)
            found[inside] = _solved(likeness[np.ix_(inside, inside)], penalty[inside], targets[inside] - self._base)
            held_out[outside] = likeness[outside] @ found + self._base
            mine = np.flatnonzero(owner_folds == fold)
            if len(mine):
                self._settle(found)
                parts_held_out[mine] = self.scores([parts[i] for i in mine])
        self._settle(_solved(likeness, penalty, targets - self._base))
        return held_out, parts_held_out

    def _settle(self, found: Floats) -> None:
        self._settled = {name: self._views[name].settled(np.float32(share) * found) for name, share in self._shares.items()}

    def scores(self, sentences: Sequence[Sentence]) -> Numbers:
        """(m, k): about 1 where the target holds and 0 where not."""
        total = sum(self._views[name].scores(sentences, settled) for name, settled in self._settled.items())
        return np.asarray(total + self._base, dtype=np.float64)


def _solved(likeness: Floats, penalty: Floats, targets: Floats) -> Floats:
    """(likeness + diag(penalty))⁻¹ targets. Overwrites `likeness`."""
    likeness[np.diag_indices(len(likeness))] += penalty
    # the transpose of a symmetric matrix is itself, laid out as LAPACK wants it: no copy
    found = linalg.solve(likeness.T, targets.astype(np.float32), assume_a="pos", overwrite_a=True, check_finite=False)
    return np.asarray(found, dtype=np.float32)


def log_softmax(scores: Numbers) -> Numbers:
    """(n, k) scores → log-probabilities, each row's probabilities adding up to one."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
