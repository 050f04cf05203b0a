"""Where files lie: originals by their hash, written once and never changed; the copies to show by upload id."""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from pathlib import Path

from bot.settings import settings
from bot.web.media import Media

UPLOAD_ID = re.compile(r"upl_[0-9a-f]{32}")


def folder() -> Path:
    return Path(settings().var) / "evidence"


def new_id() -> str:
    return f"upl_{uuid.uuid4().hex}"


def original_path(sha256: str) -> Path:
    return folder() / "original" / sha256[:2] / sha256


def shown_path(upload_id: str) -> Path:
    """Raises ValueError for anything but an upload's id, so that no path can be smuggled in."""
    if not UPLOAD_ID.fullmatch(upload_id):
        raise ValueError(f"{upload_id!r} is no upload's id")
    return folder() / "shown" / upload_id[4:6] / upload_id


def keep(upload_id: str, content: bytes, media: Media) -> str:
    """Writes the original and its copy; returns the original's SHA-256 in hex."""
    sha256 = hashlib.sha256(content).hexdigest()
    keep_original(sha256, content)
    write(shown_path(upload_id), media.shown)
    return sha256


def keep_original(sha256: str, content: bytes) -> None:
    """Writes the original unless it is there."""
    if not original_path(sha256).exists():
        write(original_path(sha256), content)


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the machine stops in the middle."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)  # on a full disk its bytes are missed


STRAY_AFTER = 24 * 3600
"""Seconds after which a file without a row is nobody's: a row follows its file within a second."""


def remove_strays(upload_ids: frozenset[str], originals: frozenset[str]) -> int:
    """Removes old files that no row names (a crash came between row and file, or a restore); returns how many."""
    before = time.time() - STRAY_AFTER
    count = 0
    for place, known in (("shown", upload_ids), ("original", originals)):
        for path in (folder() / place).glob("*/*"):
            if path.name not in known and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                count += 1
    return count
