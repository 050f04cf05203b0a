"""What a message wants: a probability for each intent, and one that means something.

The machine's scores become probabilities through one temperature, found on held-out sentences of our own
(bot/language/folds.py): of messages given 0.8, about eight in ten are right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from bot.language.folds import paraphrase_folds
from bot.language.view import Floats, Machine, Numbers, Sentence, log_softmax

FOLDS = 4
WEIGHTS = {"characters": 0.2, "pinyin": 0.2, "use": 0.3, "e5": 0.3}
QUICK_WEIGHTS = {"characters": 0.25, "pinyin": 0.25, "use": 0.5}
"""Without the slower encoder: for parts of a message."""

RIDGE = 0.1
BALANCE = 0.5
"""0: an intent counts by its sentences, 1: all intents count the same."""


class IntentModel:
    """Sentences → probabilities of the intents named in `names`."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.machine = Machine(WEIGHTS, RIDGE)
        self.quick = Machine(QUICK_WEIGHTS, RIDGE)
        self.temperature = 1.0
        self.quick_temperature = 1.0
        self.held_out_accuracy = 0.0

    def fit(self, sentences: Sequence[Sentence], intents: Sequence[str]) -> IntentModel:
        """Learns from sentences with one intent each."""
        self.names = tuple(sorted(set(intents)))
        targets = np.array([self.names.index(intent) for intent in intents])
        ones: Floats = np.eye(len(self.names), dtype=np.float32)[targets]
        counts = ones.sum(axis=0)
        trust = (counts.mean() / counts[targets]) ** BALANCE
        folds = paraphrase_folds(sentences, FOLDS)
        held_out = self.machine.fit(sentences, ones, trust, folds)
        self.held_out_accuracy = float((held_out.argmax(axis=1) == targets).mean())
        self.temperature = best_temperature(held_out, targets)
        some = folds == 0  # one fold is enough for a temperature
        held_out = self.quick.fit(sentences, ones, trust, np.where(some, 0, -1))
        self.quick_temperature = best_temperature(held_out[some], targets[some])
        return self

    def probabilities(self, sentences: Sequence[Sentence]) -> Numbers:
        """(n, intents), rows add up to one."""
        return np.exp(log_softmax(self.machine.scores(sentences) / self.temperature))

    def quick_probabilities(self, sentences: Sequence[Sentence]) -> Numbers:
        """The same without the slower encoder, whose part of `vector` may be zeros."""
        return np.exp(log_softmax(self.quick.scores(sentences) / self.quick_temperature))


def best_temperature(scores: Numbers, targets: npt.NDArray[np.int64]) -> float:
    """The temperature whose probabilities make the held-out truth likeliest (Guo et al. 2017)."""

    def loss(temperature: float) -> float:
        return -float(log_softmax(scores / temperature)[np.arange(len(targets)), targets].mean())

    return float(minimize_scalar(loss, bounds=(0.01, 2.0), method="bounded").x)
