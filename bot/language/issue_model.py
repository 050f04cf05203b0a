"""Which kinds of issue a complaint states: several may hold, or none.

The kinds are those of contracts.md section 3. Each view gives the log-odds of each kind; their mean is
scaled and cut per kind where the held-out F1 is best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from bot.language.intent_model import blocks_of
from bot.language.view import Linear, Numbers, Sentence, View

FOLDS = 4
ISSUE_VIEWS = ("characters", "pinyin", "use")
COMMON_WEIGHT = 30
"""How many sentences' worth a kind's own best cut must outweigh the cut that is best for all kinds."""


class IssueModel:
    """Sentences → probability of each kind in `names`, and the cut above which it is stated."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.views: dict[str, View] = {}
        self.linear: dict[str, Linear] = {}
        self.scale = 1.0
        self.cuts: Numbers = np.zeros(0)

    def fit(self, sentences: Sequence[Sentence], issues: Sequence[tuple[str, ...]]) -> IssueModel:
        """Learns from sentences with any number of kinds each."""
        self.names = tuple(sorted({kind for kinds in issues for kind in kinds}))
        labels = np.array([[name in kinds for name in self.names] for kinds in issues])
        blocks = blocks_of([",".join(kinds[:1]) for kinds in issues], FOLDS)
        held_out = np.zeros(labels.shape)
        for block in range(FOLDS):
            inside, outside = np.flatnonzero(blocks != block), np.flatnonzero(blocks == block)
            part = IssueModel()
            part._fit_views([sentences[i] for i in inside], labels[inside])
            held_out[outside] = part._log_odds([sentences[i] for i in outside])
        self.scale = _best_scale(held_out, labels)
        self.cuts = _best_cuts(_sigmoid(held_out * self.scale), labels)
        self._fit_views(sentences, labels)
        return self

    def _fit_views(self, sentences: Sequence[Sentence], labels: npt.NDArray[np.bool_]) -> None:
        for name in ISSUE_VIEWS:
            view = View(name)
            self.linear[name] = Linear().fit_labels(view.fit(sentences), labels)
            self.views[name] = view

    def _log_odds(self, sentences: Sequence[Sentence]) -> Numbers:
        opinions = [self.linear[name].scores(self.views[name].features(sentences)) for name in ISSUE_VIEWS]
        return np.asarray(sum(opinions) / len(opinions))

    def probabilities(self, sentences: Sequence[Sentence]) -> Numbers:
        """(n, kinds), each between 0 and 1, independent of one another."""
        return _sigmoid(self._log_odds(sentences) * self.scale)

    def stated(self, probabilities: Numbers) -> list[tuple[str, float]]:
        """One sentence's probabilities → the kinds above their cut, likeliest first."""
        found = [
            (name, float(p)) for name, p, cut in zip(self.names, probabilities, self.cuts, strict=True) if p >= cut
        ]
        return sorted(found, key=lambda pair: -pair[1])


def _sigmoid(scores: Numbers) -> Numbers:
    return np.asarray(1.0 / (1.0 + np.exp(-scores)))


def _best_scale(scores: Numbers, labels: npt.NDArray[np.bool_]) -> float:
    signs = np.where(labels, 1.0, -1.0)

    def loss(scale: float) -> float:
        return float(np.logaddexp(0.0, -signs * scores * scale).mean())

    return float(minimize_scalar(loss, bounds=(0.1, 5.0), method="bounded").x)


def _best_cuts(probabilities: Numbers, labels: npt.NDArray[np.bool_]) -> Numbers:
    grid = np.arange(0.10, 0.71, 0.02)
    right = np.stack([((probabilities >= cut) & labels).sum(axis=0) for cut in grid])
    said = np.stack([(probabilities >= cut).sum(axis=0) for cut in grid])
    true = labels.sum(axis=0)
    common = grid[np.argmax(2 * right.sum(axis=1) / (said.sum(axis=1) + true.sum()))]
    own = grid[np.argmax(2 * right / (said + true), axis=0)]
    share = true / (true + COMMON_WEIGHT)
    return np.asarray(share * own + (1 - share) * common)
