"""What an operator asks: how much, how fast, what failed, who waits. Read at /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bot.cases.payouts import Figures

CALLS = Counter("heqi_http_calls_total", "HTTP calls", ("route", "method", "status"))
CALL_SECONDS = Histogram("heqi_http_call_seconds", "Time of HTTP calls without long polls", ("route",), buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5))
ACCEPTED = Counter("heqi_messages_accepted_total", "Customers' messages that were written down", ("kind",))
TURNS = Counter("heqi_turns_total", "Bursts answered", ("outcome",))
TURN_SECONDS = Histogram("heqi_turn_seconds", "From the burst's dispatch to its answer in the table", buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 10))
LIVE = Gauge("heqi_live_connections", "Open WebSockets", ("side",))
UNANSWERED = Gauge("heqi_unanswered_conversations", "Customer spoke, nobody answered yet")
UNANSWERED_SECONDS = Gauge("heqi_unanswered_oldest_seconds", "How long the longest of them waits")
QUEUE = Gauge("heqi_queue_cases", "Cases that wait for a person")
READY = Gauge("heqi_ready", "1 while this part is there; only parts that may be missing", ("part",))
ON_DUTY = Gauge("heqi_agents_on_duty", "Agents whose desk is connected")
UNCONFIRMED = Gauge("heqi_payouts_unconfirmed", "Accepted payouts the platform has not confirmed")
UNCONFIRMED_FEN = Gauge("heqi_payouts_unconfirmed_fen", "Money in them, in fen")
UNCONFIRMED_SECONDS = Gauge("heqi_payouts_unconfirmed_oldest_seconds", "How long the oldest of them is owed")


class Totals(Collector):
    """Counts of the whole shop, read out of the database: the same at each web process, so never to be added up."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, float]] = {}

    def collect(self) -> Iterator[CounterMetricFamily]:
        for name, (text, value) in self.values.items():
            yield CounterMetricFamily(name, text, value)


TOTALS = Totals()
REGISTRY.register(TOTALS)

ACTS = {"accept_offer": "heqi_offers_accepted", "refuse": "heqi_claims_refused", "hand_over": "heqi_cases_handed_over"}
"""What the audit trail calls it → the counter."""


def tell_payouts(figures: Figures, at: datetime) -> None:
    """Puts what was just read into the numbers."""
    UNCONFIRMED.set(len(figures.unconfirmed))
    UNCONFIRMED_FEN.set(sum(each.fen for each in figures.unconfirmed))
    UNCONFIRMED_SECONDS.set(figures.oldest_seconds(at))
    TOTALS.values = {
        "heqi_payouts_confirmed": ("Payouts the platform confirmed", figures.confirmed),
        "heqi_paid_fen": ("Money and coupons in them, in fen", figures.paid_fen),
        **{name: (f"Audit entries {what}", figures.acts[what]) for what, name in ACTS.items()},
        "heqi_offers_made": ("Offers that were shown", figures.offers),
    }
