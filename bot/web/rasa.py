"""One turn at Rasa's REST channel, on loopback."""

from __future__ import annotations

import http.client
import json
import time

import msgspec

from bot import inner_token, log, trace
from bot.cases.inbox import Waiting
from bot.language.masking import HIDDEN, mask

AGAIN = 0.2
"""Seconds between two tries while nobody listens at Rasa's port (it is being restarted)."""

ANY_PHONE = "13800000000"


class RasaDown(RuntimeError):
    """Rasa did not answer in time; the turn may have happened or not, the timeline tells."""


def ask(port: int, waiting: Waiting, tried: float, patience: float) -> list[str]:
    """The texts Rasa answered, within `patience` seconds. Raises RasaDown, after `tried` seconds where nobody listens."""
    metadata: dict[str, object] = {
        "customer_id": waiting.customer_id, "recorded": True, "case_id": waiting.case_id, "burst": msgspec.to_builtins(waiting.burst),
        "call": log.call.get(),
    }
    if traced := trace.carrier():
        metadata["trace"] = traced
    body = json.dumps({"sender": waiting.conversation_id, "message": nameless(waiting.said), "metadata": metadata})
    began = time.monotonic()
    while True:
        try:
            return post(port, body, patience)
        except ConnectionRefusedError as fault:
            if time.monotonic() + AGAIN > began + tried:
                raise RasaDown("nobody listens at Rasa's port") from fault
            time.sleep(AGAIN)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise RasaDown(f"Rasa did not answer: {type(fault).__name__}") from fault


def nameless(said: str) -> str:
    """What Rasa reads and keeps in its tracker: who the customer is stands in our timeline only.

    No rule looks at a telephone, an address or a name; a number in a telephone's place keeps the sentence's shape.
    A command of ours (a pressed button) holds ids and stays as it is.
    """
    return said if said.startswith("/") else mask(said).replace(HIDDEN["phone"], ANY_PHONE)


def post(port: int, body: str, patience: float) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("POST", "/webhooks/rest/webhook", body.encode(), {"Content-Type": "application/json", **inner_token.header()})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RasaDown(f"Rasa answered {answer.status}")
        return [str(part["text"]) for part in json.loads(content) if isinstance(part, dict) and part.get("text")]
    finally:
        connection.close()
