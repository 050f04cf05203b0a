"""One trace from the browser to the ledger, through three real processes, at a collector of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.store import snapshot
from bot.store.database import session
from tests.dialogues.shop import NOW, snapshot_of
from tests.promises.product import Customer, Killable
from tests.web.conftest import DROPPED

SAID = "手机降价了,把差价退给我,我叫王小明,电话13912345678,住杭州市西湖区文三路18号"
WAY = ["POST /api/v1/messages", "turn", "rasa", "action_open_case"]
"""Each span's parent is the one before."""


class Collector:
    """OTLP over HTTP: keeps every span with the name of its process, and all bytes that came."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        self.bytes = b""
        self.changed = threading.Condition()

    def take(self, content: bytes) -> None:
        told = ExportTraceServiceRequest.FromString(content)
        with self.changed:
            self.bytes += content
            for resource in told.resource_spans:
                names = {found.key: found.value.string_value for found in resource.resource.attributes}
                self.spans += [(names["service.name"], span) for scope in resource.scope_spans for span in scope.spans]
            self.changed.notify_all()

    def named(self, name: str) -> list[tuple[str, Any]]:
        return [(process, span) for process, span in self.spans if span.name == name]


@contextmanager
def listening() -> Iterator[tuple[Collector, str]]:
    collector = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def told(place: Path, process: str, message: str) -> dict[str, Any]:
    """The fields of the process's log line with this message."""
    lines = (place / "log" / f"{process}.log").read_text(encoding="utf-8").splitlines()
    return next(line for line in map(json.loads, (line for line in lines if line.startswith("{"))) if line["message"] == message)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_message_is_one_trace_from_the_browser_to_the_ledger(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with session() as db:
        snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(1, [DROPPED]))), NOW)
    with listening() as (collector, address):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        product = Killable(database_url, tmp_path)
        try:
            product.start()
            answers = Customer(product.port, "cus_t001").ask("1", SAID)
            assert any("500.00元" in text for text in answers)
            with collector.changed:
                collector.changed.wait_for(lambda: all(collector.named(name) for name in (*WAY, "ledger confirmed")), 30)
        finally:
            product.stop()
    way = [collector.named(name)[0] for name in WAY]
    assert [process for process, _ in way] == ["heqi-web", "heqi-web", "heqi-rasa", "heqi-actions"]
    assert [span.parent_span_id for _, span in way] == [b"", *(span.span_id for _, span in way[:-1])]
    process, paid = collector.named("ledger confirmed")[0]
    assert process == "heqi-actions" and paid.parent_span_id == way[-1][1].span_id
    assert {span.trace_id for _, span in (*way, (process, paid))} == {way[0][1].trace_id}
    # The id is the one in the browser and in the logs, the case the one there.
    assert told(tmp_path, "web", "accepted")["call"] == way[0][1].trace_id.hex()
    assert told(tmp_path, "actions", "answered")["case"] in {found.value.string_value for found in paid.attributes}
    for name, span in (*way, (process, paid)):
        began, ended = ((at - way[0][1].start_time_unix_nano) / 1e6 for at in (span.start_time_unix_nano, span.end_time_unix_nano))
        print(f"{began:6.0f} – {ended:4.0f} ms  {name:12}  {span.name}")
    for word in ("手机", "王小明", "13912345678", "文三路", "cus_t001"):
        assert word.encode() not in collector.bytes
