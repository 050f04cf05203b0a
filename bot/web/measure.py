"""What an operator asks: how much, how fast, what failed, who waits. Read at /metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

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
