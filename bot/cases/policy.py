"""The policy in force: the owner's file, with the overrides of the loaded shop snapshot laid over it."""

from __future__ import annotations

from pathlib import Path

from bot.aftersales.policy import Policy, load_policy
from bot.settings import settings

_read: dict[tuple[str, int], Policy] = {}


def current() -> Policy:
    """The policy file's content, read again when the file changes. Raises BadPolicy where it cannot be used."""
    path = Path(settings().policy)
    key = (str(path), path.stat().st_mtime_ns if path.exists() else 0)
    if key not in _read:
        _read.clear()
        _read[key] = load_policy(path) if path.exists() else Policy()
    return _read[key]
