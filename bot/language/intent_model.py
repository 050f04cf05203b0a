"""What a message wants: one opinion a view, put together, with a probability that means something.

The opinions are averaged as log-probabilities. One temperature, found on held-out blocks of our own
sentences, makes the probability honest: of messages given 0.8, about eight in ten are right. The
blocks are whole runs of a file, that is whole sub-topics: what customers write next is as new to the
model as these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from bot.language.view import VIEWS, Linear, Numbers, Sentence, View, log_softmax

FOLDS = 4
QUICK_VIEWS = ("characters", "pinyin", "use")
"""The views without the slow encoder: for parts of a message."""


class IntentModel:
    """Sentences → probabilities of the intents named in `names`."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.views: dict[str, View] = {}
        self.linear: dict[str, Linear] = {}
        self.temperature = 1.0
        self.quick_temperature = 1.0
        self.held_out_accuracy = 0.0

    def fit(self, sentences: Sequence[Sentence], intents: Sequence[str]) -> IntentModel:
        """Learns from sentences with one intent each; the temperature from held-out blocks."""
        self.names = tuple(sorted(set(intents)))
        blocks = blocks_of(intents, FOLDS)
        held_out = {name: np.zeros((len(intents), len(self.names))) for name in VIEWS}
        for block in range(FOLDS):
            inside = np.flatnonzero(blocks != block)
            outside = np.flatnonzero(blocks == block)
            part = IntentModel()
            part._fit_views([sentences[i] for i in inside], [intents[i] for i in inside])
            opinions = part._opinions([sentences[i] for i in outside], VIEWS)
            columns = [self.names.index(name) for name in sorted({intents[i] for i in inside})]
            for name in VIEWS:
                held_out[name][outside] = np.log(1e-9)
                held_out[name][np.ix_(outside, columns)] = opinions[name]
        targets = np.array([self.names.index(intent) for intent in intents])
        pooled = _pool(held_out, VIEWS)
        self.held_out_accuracy = float((pooled.argmax(axis=1) == targets).mean())
        self.temperature = best_temperature(pooled, targets)
        self.quick_temperature = best_temperature(_pool(held_out, QUICK_VIEWS), targets)
        self._fit_views(sentences, intents)
        return self

    def _fit_views(self, sentences: Sequence[Sentence], intents: Sequence[str]) -> None:
        for name in VIEWS:
            view = View(name)
            self.linear[name] = Linear().fit_classes(view.fit(sentences), intents)
            self.views[name] = view

    def _opinions(self, sentences: Sequence[Sentence], views: Sequence[str]) -> dict[str, Numbers]:
        return {
            name: log_softmax(self.linear[name].scores(self.views[name].features(sentences))) for name in views
        }

    def probabilities(self, sentences: Sequence[Sentence]) -> Numbers:
        """(n, intents), rows add up to one."""
        pooled = _pool(self._opinions(sentences, VIEWS), VIEWS)
        return np.exp(log_softmax(pooled / self.temperature))

    def quick_probabilities(self, sentences: Sequence[Sentence]) -> Numbers:
        """The same without the slow encoder, whose part of `vector` may be zeros."""
        pooled = _pool(self._opinions(sentences, QUICK_VIEWS), QUICK_VIEWS)
        return np.exp(log_softmax(pooled / self.quick_temperature))


def _pool(opinions: dict[str, Numbers], views: Sequence[str]) -> Numbers:
    return np.asarray(sum(opinions[name] for name in views) / len(views))


def blocks_of(labels: Sequence[str], count: int) -> npt.NDArray[np.int64]:
    """Cuts each label's sentences into `count` runs of neighbours; the number of each one's run."""
    blocks = np.zeros(len(labels), dtype=np.int64)
    for label in set(labels):
        members = [i for i, other in enumerate(labels) if other == label]
        for position, i in enumerate(members):
            blocks[i] = position * count // len(members)
    return blocks


def best_temperature(scores: Numbers, targets: npt.NDArray[np.int64]) -> float:
    """The temperature whose probabilities make the held-out truth likeliest (Guo et al. 2017)."""

    def loss(temperature: float) -> float:
        return -float(log_softmax(scores / temperature)[np.arange(len(targets)), targets].mean())

    return float(minimize_scalar(loss, bounds=(0.05, 5.0), method="bounded").x)
