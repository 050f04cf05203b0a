"""The whole product as real processes over a database of its own, and customers who talk to it over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt

from bot.load.product import Product
from bot.settings import DEMO_SECRET
from tests.dialogues.shop import NOW

PATIENT = 240.0
"""Seconds a customer waits at the most: Rasa may have to start again meanwhile."""


class Killable(Product):
    """A product whose processes are killed at any moment and started again as `heqi run` does."""

    def __init__(self, database_url: str, place: Path, extra: Mapping[str, str] | None = None) -> None:
        super().__init__(database_url, place, {"HEQI_NOW": NOW.isoformat(), **(extra or {})})

    def kill(self, name: str) -> None:
        """kill -9 of the process and whatever it started, then it is started anew; nobody waits until it is ready."""
        dead = self.running[name].process
        os.killpg(dead.pid, signal.SIGKILL)
        dead.wait()
        self.launch(name)


class Customer:
    """Sends until it is accepted, as a page does (the same client_id again and again), and reads until it is answered."""

    def __init__(self, port: int, customer_id: str, secret: str = DEMO_SECRET) -> None:
        self.port, self.customer_id = port, customer_id
        self.token = ""
        opened = self.call("POST", "/api/v1/sessions", {"customer_token": jwt.encode({"sub": customer_id}, secret, "HS256")})
        self.token, self.conversation_id = str(opened["token"]), str(opened["conversation_id"])

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        end = time.monotonic() + PATIENT
        while time.monotonic() < end:
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode() if body is not None else None, headers, method=method
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return dict(json.loads(answer.read()))
            except urllib.error.HTTPError as refused:
                if refused.code != 503:
                    raise AssertionError(f"{method} {path}: {refused.code} {refused.read().decode()}") from refused
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} was never answered")

    def ask(self, client_id: str, text: str) -> list[str]:
        """What the bot answered to this text; raises AssertionError where it never did."""
        return self.answers(int(self.call("POST", "/api/v1/messages", {"client_id": client_id, "text": text})["seq"]))

    def answers(self, seq: int) -> list[str]:
        """What the bot says after this message; raises AssertionError where it says nothing."""
        end = time.monotonic() + PATIENT
        while time.monotonic() < end:
            messages = self.call("GET", f"/api/v1/messages?after={seq}&wait=10")["messages"]
            said = [str(message["text"]) for message in messages if message["from"] == "bot"]
            if said:
                return said
        raise AssertionError(f"{self.customer_id} wrote message {seq} and nobody answered")
