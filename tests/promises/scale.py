"""How hard a promise is attacked: a little in `make test`, at full length in `make promises`."""

from __future__ import annotations

import os
from typing import TypeVar

FULL = os.environ.get("HEQI_PROMISES", "") == "full"


Attack = TypeVar("Attack")


def scaled(few: Attack, many: Attack) -> Attack:
    return many if FULL else few
