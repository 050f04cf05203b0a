"""Simulated customers: whole conversations over the HTTP API, as fast as the answers come or with time to think."""

from __future__ import annotations

import asyncio
import io
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import yaml
from PIL import Image

from bot.web import bearer

PATIENT = 60.0
"""Seconds after which an answer that did not come is an error."""


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of a talk; see talks.yml."""

    say: str | None = None
    show: str | None = None
    press: str | None = None


class Talk(msgspec.Struct, frozen=True):
    name: str
    turns: tuple[Turn, ...]


def talks() -> list[Talk]:
    raw = yaml.safe_load(Path(__file__).with_name("talks.yml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, list[Talk])


class Heard:
    """What all customers of one step met: seconds of each turn (`first`: of each conversation's first), errors by kind."""

    def __init__(self) -> None:
        self.turns: list[float] = []
        self.first: list[float] = []
        self.errors: Counter[str] = Counter()
        self.talks = 0


def photo() -> bytes:
    """A small picture, different each time: the same picture twice is one piece of evidence."""
    made = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(made, "JPEG")
    return made.getvalue()


class Customer:
    """One customer with the chat open."""

    def __init__(self, http: aiohttp.ClientSession, customer_id: str, heard: Heard) -> None:
        self.http, self.customer_id, self.heard = http, customer_id, heard
        self.headers: dict[str, str] = {}
        self.seq = 0
        self.choices: list[str] = []

    async def talk(self, script: Talk, think: float = 0.0) -> None:
        """The whole conversation, `think` seconds before each turn. What goes wrong is counted, and ends it."""
        try:
            opened = await self.call("POST", "/api/v1/sessions", json={"customer_token": bearer.shop_token(self.customer_id)})
            self.headers = {"Authorization": f"Bearer {opened['token']}"}
            for place, turn in enumerate(script.turns):
                if think:
                    await asyncio.sleep(think)
                began = time.monotonic()
                await self.take(turn)
                took = time.monotonic() - began
                self.heard.turns.append(took)
                if place == 0:
                    self.heard.first.append(took)
            self.heard.talks += 1
        except (aiohttp.ClientError, asyncio.TimeoutError, ConnectionError) as fault:
            self.heard.errors[type(fault).__name__] += 1
        except Refused as refused:
            self.heard.errors[str(refused)] += 1

    async def take(self, turn: Turn) -> None:
        """Sends, and waits until somebody answers. Raises Refused."""
        client_id = uuid.uuid4().hex
        choice = next((known for known in self.choices if turn.press and turn.press in known), None)
        if choice is not None:
            sent = await self.call("POST", "/api/v1/messages", json={"client_id": client_id, "choice": choice})
        elif turn.show is not None:
            form = aiohttp.FormData({"client_id": client_id, "kind": turn.show})
            form.add_field("file", await asyncio.to_thread(photo), filename="photo.jpg", content_type="image/jpeg")
            sent = await self.call("POST", "/api/v1/messages", data=form)
        else:
            sent = await self.call("POST", "/api/v1/messages", json={"client_id": client_id, "text": turn.say})
        self.seq = max(self.seq, int(sent["seq"]))
        end = time.monotonic() + PATIENT
        while time.monotonic() < end:
            listed = await self.call("GET", f"/api/v1/messages?after={self.seq}&wait=20")
            news = listed["messages"]
            if news:
                self.seq = int(news[-1]["seq"])
            offered = [str(choice["id"]) for message in news for choice in message["choices"]]
            self.choices = offered or self.choices
            if any(message["from"] != "customer" for message in news):
                return
        raise Refused("nobody answered")

    async def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        async with self.http.request(method, path, headers=self.headers, **body) as answer:
            content = await answer.read()
            if answer.status >= 400:
                raise Refused(f"HTTP {answer.status}")
            return dict(msgspec.json.decode(content))


class Refused(Exception):
    """The product said no, or nothing, where it must not."""
