"""What a message wants: a probability for each intent, and one that means something.

The machine's scores become probabilities through a temperature, and the likeliest reading's probability then
through a curve, both found on held-out sentences of our own (bot/language/folds.py): of messages given 0.8,
about eight in ten are right. The temperature alone is too sure at the top and not sure enough below.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from bot.language.folds import paraphrase_folds
from bot.language.view import QUICK_WEIGHTS, WEIGHTS, Floats, Look, Machine, Numbers, Rows, Views, log_softmax

FOLDS = 3
BALANCE = 0.5
"""0: an intent counts by its sentences, 1: all intents count the same."""

REFINED = (
    ("withdraw_request", "refund_status"), ("withdraw_request", "cancel_order"), ("withdraw_request", "refund"),
    ("withdraw_request", "modify_order"), ("ask_bot", "chitchat"), ("ask_bot", "human"), ("insult", "chitchat"),
    ("insult", "complaint"), ("provide_evidence", "inform"), ("accept_offer", "affirm"), ("reject_offer", "deny"),
    ("counter_offer", "compensation"), ("counter_offer", "inform"),
)
"""A finer intent and one it refines: reading the one for the other is no error that a customer would notice."""

EDGE = 1e-4
"""No reading is surer than one less this, nor less sure than this."""


class Honesty(msgspec.Struct, frozen=True):
    """How scores become probabilities: temperature, and slope and offset of the curve on the log-odds of the best."""

    temperature: float = 1.0
    slope: float = 1.0
    offset: float = 0.0

    def probabilities(self, scores: Numbers) -> Numbers:
        """Scores (n, k) → probabilities (n, k); rows add up to one, the order in a row stays."""
        plain = np.clip(np.exp(log_softmax(scores / self.temperature)), EDGE / scores.shape[1], 1 - EDGE)
        rows, best = np.arange(len(plain)), plain.argmax(axis=1)
        top = plain[rows, best]
        others = plain.copy()
        others[rows, best] = 0
        others /= others.sum(axis=1, keepdims=True)
        honest = np.clip(_logistic(self.slope * np.log(top / (1 - top)) + self.offset), EDGE, 1 - EDGE)
        second = others.max(axis=1)
        honest = np.maximum(honest, second / (1 + second))  # the best stays the best
        result = others * (1 - honest)[:, None]
        result[rows, best] = honest
        return np.asarray(result)


class IntentModel:
    """What was seen of sentences → probabilities of the intents named in `names`."""

    def __init__(self, views: Views) -> None:
        self.names: tuple[str, ...] = ()
        self._views = views
        self._machine = Machine(views, WEIGHTS)
        self._quick = Machine(views, QUICK_WEIGHTS)
        self.honesty = Honesty()
        self.quick_honesty = Honesty()
        self.held_out_accuracy = 0.0

    def fit(self, rows: Rows, intents: Sequence[str]) -> IntentModel:
        """Learns from known sentences `rows` with one intent each."""
        self.names = tuple(sorted(set(intents)))
        targets = np.array([self.names.index(intent) for intent in intents])
        ones: Floats = np.eye(len(self.names), dtype=np.float32)[targets]
        counts = ones.sum(axis=0)
        trust = (counts.mean() / counts[targets]) ** BALANCE
        folds = paraphrase_folds([self._views.sentences[row] for row in rows], FOLDS)
        likeness, quick_likeness = self._views.likeness(rows, WEIGHTS, QUICK_WEIGHTS)
        held_out, _ = self._machine.fit(rows, likeness, ones, trust, folds)
        self.held_out_accuracy = float((held_out.argmax(axis=1) == targets).mean())
        self.honesty = honesty_of(held_out, targets, self.names)
        some = folds == 0  # one fold is enough for the quick readings
        held_out, _ = self._quick.fit(rows, quick_likeness, ones, trust, np.where(some, 0, -1))
        self.quick_honesty = honesty_of(held_out[some], targets[some], self.names)
        return self

    def probabilities(self, whole: Look) -> Numbers:
        """(n, intents), rows add up to one."""
        return self.honesty.probabilities(self._machine.scores(whole))

    def quick_probabilities(self, parts: Look) -> Numbers:
        """The same without the slower encoder."""
        return self.quick_honesty.probabilities(self._quick.scores(parts))


def honesty_of(scores: Numbers, targets: npt.NDArray[np.int64], names: Sequence[str]) -> Honesty:
    """Held-out scores (n, k) and the right column of each → what makes them honest.

    The temperature makes the truth likeliest (Guo et al. 2017); the curve then makes it likeliest that the
    best reading is right or a refinement of what is right (Platt 1999).
    """
    rows = np.arange(len(targets))

    def temperature_loss(temperature: float) -> float:
        return -float(log_softmax(scores / temperature)[rows, targets].mean())

    temperature = float(minimize_scalar(temperature_loss, bounds=(0.01, 2.0), method="bounded").x)
    plain = np.clip(np.exp(log_softmax(scores / temperature)), EDGE, 1 - EDGE)
    odds = np.log(plain.max(axis=1) / (1 - plain.max(axis=1)))
    signs = np.where(_acceptable(names)[targets, scores.argmax(axis=1)], 1.0, -1.0)

    def curve_loss(curve: Numbers) -> float:
        return float(np.logaddexp(0.0, -signs * (curve[0] * odds + curve[1])).mean())

    slope, offset = minimize(curve_loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return Honesty(temperature, float(slope), float(offset))


def _acceptable(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """(k, k): whether the second may stand for the first."""
    pairs = {frozenset(pair) for pair in REFINED}
    return np.array([[one == other or frozenset((one, other)) in pairs for other in names] for one in names])


def _logistic(x: Numbers) -> Numbers:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))
