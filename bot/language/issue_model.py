"""Which kinds of issue a complaint states: several may hold, or none.

The kinds are those of contracts.md section 3. A review of several clauses is read as a whole and clause by
clause: what one clause plainly says must not drown in the rest. The machine's scores are made probabilities
and cut where the held-out F1 is best (bot/language/folds.py says what is held out).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bot.language.folds import paraphrase_folds
from bot.language.view import Machine, Numbers, Sentence

FOLDS = 4
WEIGHTS = {"characters": 0.2, "pinyin": 0.2, "use": 0.3, "e5": 0.3}
CLAUSE_WEIGHTS = {"characters": 0.25, "pinyin": 0.25, "use": 0.5}
"""Clauses are read without the slower encoder."""

RIDGE = 0.1
CLAUSES_SHARE = 0.4
"""How much the strongest clause has to say beside the whole."""

DISLIKE = "change_of_mind"
"""Goods that are not faulty, by definition: beside something likelier, regret is only the tone of it."""


class IssueModel:
    """Sentences → probability of each kind in `names`, and the cut from which on it is stated."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.machine = Machine(WEIGHTS, RIDGE)
        self.clauses = Machine(CLAUSE_WEIGHTS, RIDGE)
        self.slope, self.offset = 1.0, 0.0
        self.cut = 0.5
        self.held_out_f1 = 0.0

    def fit(self, sentences: Sequence[Sentence], issues: Sequence[tuple[str, ...]]) -> IssueModel:
        """Learns from sentences with any number of kinds each."""
        self.names = tuple(sorted({kind for kinds in issues for kind in kinds}))
        labels = np.array([[name in kinds for name in self.names] for kinds in issues])
        trust = np.ones(len(sentences), dtype=np.float32)
        held_out = self.machine.fit(sentences, labels.astype(np.float32), trust, paraphrase_folds(sentences, FOLDS))
        self.clauses.fit(sentences, labels.astype(np.float32), trust, np.full(len(sentences), -1))
        self.slope, self.offset = _best_line(held_out, labels)
        probabilities = self._probable(held_out)
        self.cut = _best_cut(probabilities, labels)
        self.held_out_f1 = f1(probabilities >= self.cut, labels)
        return self

    def probabilities(self, sentences: Sequence[Sentence], clauses: Sequence[Sequence[Sentence]]) -> Numbers:
        """(n, kinds), each between 0 and 1, independent of one another. `clauses` of each sentence, if it has several."""
        scores = self.machine.scores(sentences)
        owner = [i for i, some in enumerate(clauses) for _ in some]
        if owner:
            strongest = scores.copy()
            np.maximum.at(strongest, owner, self.clauses.scores([clause for some in clauses for clause in some]))
            scores = (1 - CLAUSES_SHARE) * scores + CLAUSES_SHARE * strongest
        return self._probable(scores)

    def stated(self, probabilities: Numbers) -> list[tuple[str, float]]:
        """One sentence's probabilities → the kinds it states, likeliest first."""
        found = [(name, float(p)) for name, p in zip(self.names, probabilities, strict=True) if p >= self.cut]
        found.sort(key=lambda pair: -pair[1])
        return [pair for place, pair in enumerate(found) if pair[0] != DISLIKE or place == 0]

    def _probable(self, scores: Numbers) -> Numbers:
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * scores + self.offset))))


def f1(said: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_]) -> float:
    """Micro-averaged F1 of (n, kinds) against (n, kinds)."""
    return float(2 * (said & true).sum() / max(1, said.sum() + true.sum()))


def _best_line(scores: Numbers, labels: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of the logistic curve that makes the held-out truth likeliest (Platt 1999)."""
    signs = np.where(labels, 1.0, -1.0)

    def loss(line: Numbers) -> float:
        return float(np.logaddexp(0.0, -signs * (line[0] * scores + line[1])).mean())

    slope, offset = minimize(loss, np.array([6.0, -3.0]), method="Nelder-Mead").x
    return float(slope), float(offset)


def _best_cut(probabilities: Numbers, labels: npt.NDArray[np.bool_]) -> float:
    """The one cut for all kinds whose micro-averaged F1 is best. A cut per kind fits the noise of the rare ones."""
    return float(max(np.arange(0.10, 0.91, 0.02), key=lambda cut: f1(probabilities >= cut, labels)))
