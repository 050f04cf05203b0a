"""Messages that nobody could answer, noted on disk until the database can hold them.

Used when the action server or the database is gone (lessons.md R2, R5): one small file a message,
written whole or not at all, taken up later as hand-overs.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from bot import clock
from bot.settings import settings


class Unanswered(msgspec.Struct, frozen=True):
    conversation_id: str
    customer_id: str | None
    text: str
    at: datetime


def folder() -> Path:
    return Path(settings().var) / "unanswered"


def note(conversation_id: str, customer_id: str | None, text: str) -> Path:
    """Writes one message to disk and returns where; raises OSError where the disk refuses."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    message = Unanswered(conversation_id, customer_id, text, clock.now())
    # The real clock orders the notes, also where the shop's is frozen.
    path = place / f"{time.time_ns():020d}-{uuid.uuid4().hex}.json"
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(message))
    os.replace(partial, path)
    return path


def waiting() -> Iterator[tuple[Path, Unanswered]]:
    """The noted messages, oldest first. A file that cannot be read is set aside, never lost."""
    for path in sorted(folder().glob("*.json")):
        try:
            yield path, msgspec.json.decode(path.read_bytes(), type=Unanswered)
        except msgspec.DecodeError:
            os.replace(path, path.with_suffix(".unreadable"))
