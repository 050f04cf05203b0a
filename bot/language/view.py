"""The ways of looking at a sentence that the classifiers combine, and the one kernel machine over them.

Characters see wording, pinyin sees through homophones and voice input (退宽 reads like 退款), the two encoders
see meaning. Each way says how alike two sentences are; a weighted sum of
them is the kernel of a ridge regression (Gaussian process regression's mean; Rasmussen & Williams 2006, 2.23). It has a closed
solution: no steps, no chance, seconds to train. It was better than logistic regressions over the same views,
because likeness that falls off with distance keeps far sentences from having a say.

A message is looked at once (`Views.look`), and every machine reads what was seen: looking is what costs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log, sqrt
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from pypinyin import lazy_pinyin
from scipy import linalg
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.language.sentence_vectors import USE_WIDTH

Numbers = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
"""Numbers of known sentences, or the fold of each."""

WEIGHTS: Mapping[str, float] = {"characters": 0.2, "pinyin": 0.2, "use": 0.3, "e5": 0.3}
QUICK_WEIGHTS: Mapping[str, float] = {"characters": 0.25, "pinyin": 0.25, "use": 0.5}
"""Without the slower encoder: for parts of a message."""

RIDGE = 0.1
"""Against learning by heart."""

KEPT = 128
"""Directions of a sentence vector."""

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
    """Likeness of two texts: the cosine of their weighted grams (tf-idf)."""

    def __init__(self, analyzer: Any) -> None:
        self._analyzer = analyzer
        self._known: Any = None
        self._places: dict[str, int] = {}
        self._rarity: list[float] = []

    def fit(self, sentences: Sequence[Sentence]) -> None:
        """Learns the grams that occur, and the known sentences'."""
        grams = TfidfVectorizer(analyzer=self._analyzer, sublinear_tf=True, dtype=np.float32)
        self._known = grams.fit_transform(sentences)
        self._places, self._rarity = grams.vocabulary_, grams.idf_.tolist()

    def likeness(self, rows: Rows) -> Floats:
        """That of all pairs of these known sentences (n, n)."""
        known = self._known[rows]
        return np.asarray((known @ known.T).toarray(), dtype=np.float32)

    def settled(self, rows: Rows, coefficients: Floats) -> Floats:
        """A machine's coefficients (n, k) of known sentences as `scores` wants them: the cosine is linear, so one row a gram does."""
        return np.asarray(self._known[rows].T @ coefficients, dtype=np.float32)

    def forget(self) -> None:
        """Drops what only learning needs: the sentences themselves."""
        self._known = None

    def look(self, sentences: Sequence[Sentence]) -> Any:
        """(m, grams), sparse, each row of length one. What TfidfVectorizer does, without the checks that cost it 1 ms."""
        values: list[float] = []
        columns: list[int] = []
        ends = [0]
        for sentence in sentences:
            counts = Counter(place for gram in self._analyzer(sentence) if (place := self._places.get(gram)) is not None)
            weights = [(1 + log(count)) * self._rarity[place] for place, count in counts.items()]
            length = sqrt(sum(weight * weight for weight in weights)) or 1.0
            values += [weight / length for weight in weights]
            columns += counts
            ends.append(len(columns))
        return csr_matrix((np.array(values, dtype=np.float32), columns, ends), shape=(len(sentences), len(self._places)))

    def scores(self, look: Any, settled: Floats) -> Floats:
        """(m, k): the sum over the known sentences of likeness times coefficient."""
        return np.asarray(look @ settled, dtype=np.float32)


class VectorView:
    """Likeness of two vectors: exp(-|a - b|²) of the centred ones, each of length one.

    Only the KEPT directions in which the known sentences differ most are looked at: less than half the time, the
    same answers (docs/understanding.md).
    """

    def __init__(self, columns: slice) -> None:
        self._columns = columns

    def fit(self, sentences: Sequence[Sentence]) -> None:
        """Learns the mean and the directions, and keeps the vectors."""
        raw = self._raw(sentences)
        self._mean = raw.mean(axis=0)
        raw -= self._mean
        self._directions = np.ascontiguousarray(np.linalg.eigh(raw.T @ raw)[1][:, -KEPT:])
        self._known = self._centred(sentences)

    def likeness(self, rows: Rows) -> Floats:
        """That of all pairs of these known sentences (n, n)."""
        return self._alike(self._known[rows], self._known[rows])

    def settled(self, rows: Rows, coefficients: Floats) -> Floats:
        """The coefficients (n, k), and zeros for the other known sentences: this likeness is not linear."""
        result = np.zeros((len(self._known), coefficients.shape[1]), dtype=np.float32)
        result[rows] = coefficients
        return result

    def forget(self) -> None:
        """Nothing: the known vectors are needed."""

    def look(self, sentences: Sequence[Sentence]) -> Floats:
        """(m, known): the likeness to every known sentence."""
        return self._alike(self._centred(sentences), self._known)

    def scores(self, look: Floats, settled: Floats) -> Floats:
        """(m, k): the sum over the known sentences of likeness times coefficient."""
        return np.asarray(look @ settled)

    @staticmethod
    def _alike(some: Floats, others: Floats) -> Floats:
        likeness = some @ others.T
        likeness -= 1
        likeness *= 2
        return np.asarray(np.exp(likeness, out=likeness))

    def _centred(self, sentences: Sequence[Sentence]) -> Floats:
        rows = (self._raw(sentences) - self._mean) @ self._directions
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), SMALLEST))

    def _raw(self, sentences: Sequence[Sentence]) -> Floats:
        return np.stack([sentence.vector[self._columns] for sentence in sentences])


View = GramView | VectorView
Weights = Mapping[str, float]
"""Name of a view → the weight of its likeness; they add up to one."""

Look = dict[str, Any]
"""Name of a view → what it sees of some sentences."""


class Views:
    """All ways of looking, fitted once on all known sentences, for every machine."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self.sentences: Sequence[Sentence] = sentences
        self._views: dict[str, View] = {
            "characters": GramView(character_grams), "pinyin": GramView(pinyin_grams),
            "use": VectorView(slice(0, USE_WIDTH)), "e5": VectorView(slice(USE_WIDTH, None)),
        }
        for view in self._views.values():
            view.fit(sentences)

    def likeness(self, rows: Rows, *weights: Weights) -> list[Floats]:
        """For each weights the weighted likeness (n, n) of these known sentences."""
        totals = [np.zeros((len(rows), len(rows)), dtype=np.float32) for _ in weights]
        for name, view in self._views.items():
            alike = view.likeness(rows)
            for total, shares in zip(totals, weights, strict=True):
                if name in shares:
                    total += np.float32(shares[name]) * alike
        return totals

    def settled(self, rows: Rows, coefficients: Floats, weights: Weights) -> dict[str, Floats]:
        """A machine's coefficients (n, k), as each view wants them."""
        return {name: self._views[name].settled(rows, np.float32(share) * coefficients) for name, share in weights.items()}

    def look(self, sentences: Sequence[Sentence], names: Iterable[str]) -> Look:
        """What the views of these names see."""
        return {name: self._views[name].look(sentences) for name in names}

    def scores(self, look: Look, settled: Mapping[str, Floats]) -> Any:
        """(m, k): the sum over views and known sentences of likeness times coefficient."""
        return sum(self._views[name].scores(look[name], part) for name, part in settled.items())

    def forget(self) -> None:
        """Drops what only learning needs."""
        self.sentences = ()
        for view in self._views.values():
            view.forget()


class Machine:
    """Ridge regression of several targets at once on the weighted likeness of views."""

    def __init__(self, views: Views, weights: Weights) -> None:
        self._views = views
        self._shares = dict(weights)
        self._settled: dict[str, Floats] = {}
        self._base: Numbers = np.zeros(0)

    def fit(
        self, rows: Rows, likeness: Floats, targets: Floats, trust: Floats, folds: Rows, parts: Sequence[Sentence] = (), owners: Sequence[int] = ()
    ) -> tuple[Numbers, Numbers]:
        """Learns the targets (n, k) of the known sentences `rows`; `trust` (n,) says how much each counts.

        Returns the held-out scores (n, k): those of each fold from a machine that has not learnt from it,
        zeros for the sentences of negative folds, which are always learnt from. And the same for `parts`, from
        a machine that has not learnt from the sentence whose place in `rows` is given by `owners`.
        """
        self._base = targets.mean(axis=0).astype(np.float64)
        penalty = (RIDGE / trust).astype(np.float32)
        owner_folds = folds[np.asarray(owners, dtype=np.int64)]
        held_out, parts_held_out = np.zeros(targets.shape), np.zeros((len(parts), targets.shape[1]))
        for fold in np.unique(folds[folds >= 0]):
            inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            found = np.zeros(targets.shape, dtype=np.float32)
            found[inside] = _solved(likeness[np.ix_(inside, inside)], penalty[inside], targets[inside] - self._base)
            held_out[outside] = likeness[outside] @ found + self._base
            mine = np.flatnonzero(owner_folds == fold)
            if len(mine):
                self._settled = self._views.settled(rows, found, self._shares)
                parts_held_out[mine] = self.scores(self._views.look([parts[i] for i in mine], self._shares))
        self._settled = self._views.settled(rows, _solved(likeness, penalty, targets - self._base), self._shares)
        return held_out, parts_held_out

    def scores(self, look: Look) -> Numbers:
        """What was seen of m sentences → (m, k): about 1 where the target holds and 0 where not."""
        return np.asarray(self._views.scores(look, self._settled) + self._base, dtype=np.float64)


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
