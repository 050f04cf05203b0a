"""Which kinds of issue a complaint states: several may hold, or none.

The kinds are those of contracts.md section 3. A review of several clauses is read as a whole and clause by
clause: what one clause plainly says must not drown in the rest. What both say of a kind, and how strongly
another kind is stated, is made a probability by a curve found on held-out sentences of our own, and cut where
their F1 is best (bot/language/folds.py says what is held out).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from bot.language.folds import paraphrase_folds
from bot.language.view import QUICK_WEIGHTS, WEIGHTS, Look, Machine, Numbers, Rows, Sentence, Views

FOLDS = 3

AS_GOOD = 0.002
"""Differences of F1 below this are noise."""

DISLIKE = "change_of_mind"
"""Goods that are not faulty, by definition: beside something likelier, regret is only the tone of it."""


class IssueModel:
    """What was seen of sentences → probability of each kind in `names`, and the cut from which on it is stated."""

    def __init__(self, views: Views) -> None:
        self.names: tuple[str, ...] = ()
        self._views = views
        self._machine = Machine(views, WEIGHTS)
        self._clauses = Machine(views, QUICK_WEIGHTS)
        self.slopes: Numbers = np.zeros(0)
        self.offset = 0.0
        self.cut = 0.5
        self.held_out_f1 = 0.0

    def fit(
        self,
        rows: Rows,
        clauses: Sequence[Sequence[Sentence]],
        issues: Sequence[tuple[str, ...]],
        quiet: Rows,
    ) -> IssueModel:
        """Learns from known sentences `rows` with any number of kinds each; `clauses` of each, none where it is all one.

        The known sentences `quiet` state none. They are learnt from, but the curve and the cut are found on the others:
        how often a complaint is one of a kind has nothing to do with how often people do not complain.
        """
        self.names = tuple(sorted({kind for kinds in issues for kind in kinds}))
        labels = np.array([[name in kinds for name in self.names] for kinds in issues])
        targets = np.vstack([labels, np.zeros((len(quiet), len(self.names)))]).astype(np.float32)
        trust = np.ones(len(targets), dtype=np.float32)
        folds = np.concatenate([paraphrase_folds([self._views.sentences[row] for row in rows], FOLDS), np.full(len(quiet), -1)])
        learnt = np.concatenate([rows, quiet])
        likeness, clause_likeness = self._views.likeness(learnt, WEIGHTS, QUICK_WEIGHTS)
        parts, owners = flat(clauses)
        whole, _ = self._machine.fit(learnt, likeness, targets, trust, folds)
        _, of_parts = self._clauses.fit(learnt, clause_likeness, targets, trust, folds, parts, owners)
        signs = evidence(whole[: len(rows)], of_parts, owners)
        curve = LogisticRegression().fit(signs.reshape(-1, signs.shape[-1]), labels.reshape(-1))
        self.slopes, self.offset = curve.coef_[0], float(curve.intercept_[0])
        probabilities = self._probable(signs)
        self.cut = _best_cut(probabilities, labels)
        self.held_out_f1 = f1(probabilities >= self.cut, labels)
        return self

    def probabilities(self, whole: Look, parts: Look | None, owners: Sequence[int]) -> Numbers:
        """(n, kinds), each between 0 and 1, independent of one another.

        `parts` is what was seen of the clauses, None where there are none; `owners` the number of each clause's sentence.
        """
        of_parts = self._clauses.scores(parts) if parts else np.zeros((0, len(self.names)))
        return self._probable(evidence(self._machine.scores(whole), of_parts, owners))

    def stated(self, probabilities: Numbers) -> list[tuple[str, float]]:
        """One sentence's probabilities → the kinds it states, likeliest first."""
        found = [(name, float(p)) for name, p in zip(self.names, probabilities, strict=True) if p >= self.cut]
        found.sort(key=lambda pair: -pair[1])
        return [pair for place, pair in enumerate(found) if pair[0] != DISLIKE or place == 0]

    def _probable(self, signs: Numbers) -> Numbers:
        return np.asarray(1.0 / (1.0 + np.exp(-(signs @ self.slopes + self.offset))))


def evidence(whole: Numbers, of_parts: Numbers, owners: Sequence[int]) -> Numbers:
    """Scores of sentences (n, k), of their clauses (m, k) and the sentence each belongs to → the signs (n, k, 4).

    For each kind: what the whole says, the strongest clause, the clauses on average, and the strongest of the
    other kinds. A sentence without clauses is its own only clause.
    """
    strongest, total = np.full(whole.shape, -np.inf), np.zeros(whole.shape)
    np.maximum.at(strongest, owners, of_parts)
    np.add.at(total, owners, of_parts)
    count = np.bincount(np.asarray(owners, dtype=np.int64), minlength=len(whole))[:, None]
    average = total / np.maximum(count, 1)
    ranked = np.sort(whole, axis=1)
    others = np.where(whole == ranked[:, -1:], ranked[:, -2:-1], ranked[:, -1:])
    return np.stack([whole, np.where(count, strongest, whole), np.where(count, average, whole), others], axis=-1)


def f1(said: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_]) -> float:
    """Micro-averaged F1 of (n, kinds) against (n, kinds)."""
    return float(2 * (said & true).sum() / max(1, said.sum() + true.sum()))


def flat(clauses: Sequence[Sequence[Sentence]]) -> tuple[list[Sentence], list[int]]:
    """All clauses, and the number of the sentence that each belongs to."""
    owners = [owner for owner, some in enumerate(clauses) for _ in some]
    return [clause for some in clauses for clause in some], owners


def _best_cut(probabilities: Numbers, labels: npt.NDArray[np.bool_]) -> float:
    """The one cut for all kinds whose micro-averaged F1 is best, the middle one of those that are as good.

    A cut per kind fits the noise of the rare ones.
    """
    cuts = np.arange(0.10, 0.91, 0.02)
    scores = np.array([f1(probabilities >= cut, labels) for cut in cuts])
    return float(np.median(cuts[scores >= scores.max() - AS_GOOD]))
