"""The pipeline as it is in use, trained by `make test` beforehand."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.command.train import language_folder
from bot.language.understanding import Language, load

NOW = datetime.fromisoformat("2026-11-25T10:00:00+08:00")
"""A Wednesday; the clock of entities.yml."""


@pytest.fixture(scope="session")
def language() -> Language:
    try:
        return load(language_folder() / "current")
    except FileNotFoundError as missing:
        pytest.fail(f"{missing} (`make test` does)")
