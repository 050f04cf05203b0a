"""A stand-in for Rasa with its action server: a real HTTP server that understands a few words and has the core answer.

Only the understanding is invented here; every answer is bot.cases' own, written by conversation.take as
the real action server does it. `mode` makes it ill: "mute" says nothing, "broken" answers 500, "lost"
answers only after the core has answered and then drops the connection; `failing` turns more say that something failed;
`gate` holds every turn while cleared.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from bot import clock
from bot.cases import bargaining, choosing, conversation, escalation, evidence, intake, small_talk
from bot.cases.reply import Answer
from bot.cases.turn import Burst, Turn
from bot.cases.words import say

Handler = Callable[[Session, Turn], Answer]

WORDS: tuple[tuple[str, str, tuple[str, ...], Handler], ...] = (
    ("转人工", "human", (), escalation.hand_over_on_request),
    ("差价", "price_protection", (), intake.open_case),
    ("碎", "compensation", ("damaged_in_transit",), intake.open_case),
    ("不要了", "return_goods", ("change_of_mind",), intake.open_case),
    ("态度", "compensation", ("service_attitude",), intake.open_case),
    ("可以", "accept_offer", (), bargaining.accept_offer),
    ("不行", "reject_offer", (), bargaining.reject_offer),
)


class StandIn:
    def __init__(self) -> None:
        self.mode = "well"
        self.failing = 0
        self.gate = threading.Event()
        self.gate.set()
        self.heard: list[dict[str, Any]] = []
        self.answered: dict[str, Answer] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def stop(self) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        if request["metadata"].get("probe"):
            return [] if self.mode == "mute" else [{"text": "ok"}]
        self.heard.append(request)
        self.gate.wait(timeout=30)
        if self.mode == "mute":
            return []
        if self.failing:
            self.failing -= 1
            return [{"recipient_id": request["sender"], "text": say("trouble")}]
        turn, handler = self.understand(request)
        answer = conversation.take(turn, handler)
        self.answered[turn.conversation_id] = answer
        return [{"recipient_id": turn.conversation_id, "text": reply.text} for reply in answer.replies]

    def understand(self, request: dict[str, Any]) -> tuple[Turn, Handler]:
        metadata, text = request["metadata"], request["message"]
        turn = Turn(
            request["sender"], metadata["customer_id"], text, clock.now(), case_id=metadata["case_id"], recorded=metadata["recorded"],
            burst=msgspec.convert(metadata["burst"], Burst),
        )
        if text.startswith("/choose"):
            return msgspec.structs.replace(turn, intent="choose", choice=json.loads(text[len("/choose") :])["choice"]), choosing.choose
        if text == "/provide_evidence":
            return msgspec.structs.replace(turn, intent="provide_evidence"), evidence.take_evidence
        for word, intent, issues, handler in WORDS:
            if word in text:
                return msgspec.structs.replace(turn, intent=intent, issues=issues), handler
        return msgspec.structs.replace(turn, intent="chitchat"), small_talk.small_talk

    def handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
        class Call(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = stand_in.answer(request)
                if stand_in.mode == "lost":
                    self.close_connection = True
                    return
                body = json.dumps(answer).encode()
                self.send_response(500 if stand_in.mode == "broken" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        return Call
