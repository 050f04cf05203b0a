"""How hard a promise is attacked: a little in `make test`, at full length in `make promises`."""

from __future__ import annotations

import os

FULL = os.environ.get("HEQI_PROMISES", "") == "full"


def scaled(few: int, many: int) -> int:
    return many if FULL else few
