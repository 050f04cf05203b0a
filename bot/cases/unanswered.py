"""Messages that nobody could answer, noted on disk until the database can hold them.

Used when the action server or the database is gone (lessons.md R2, R5): one small file a message,
written whole or not at all, taken up later as hand-overs.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator
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


def unusable() -> list[Path]:
    """The files that were set aside, or never written whole."""
    return [path for path in sorted(folder().glob("*")) if path.suffix in {".partial", ".unreadable"}]


def remove_naming(ids: Iterable[str]) -> None:
    """Removes what can never be taken up and names one of these customers or conversations."""
    named = [msgspec.json.encode(one) for one in ids]
    for path in unusable():
        content = path.read_bytes()
        if any(name in content for name in named):
            path.unlink()


def remove_old(before: float) -> int:
    """Removes what can never be taken up and was written before (seconds since 1970); returns how many files."""
    old = [path for path in unusable() if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def waiting() -> Iterator[tuple[Path, Unanswered]]:
    """The noted messages, oldest first."""
    for path in sorted(folder().glob("*.json")):
        message = read(path)
        if message is not None:
            yield path, message


def read(path: Path) -> Unanswered | None:
    """The noted message; None where another process took it up meanwhile. A file that cannot be read is set aside, never lost."""
    with contextlib.suppress(FileNotFoundError):
        try:
            return msgspec.json.decode(path.read_bytes(), type=Unanswered)
        except msgspec.DecodeError:
            os.replace(path, path.with_suffix(".unreadable"))
    return None
