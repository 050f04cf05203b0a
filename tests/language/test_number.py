"""Numbers as people type them, and whatever else is made of the same signs."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from bot.language.number import value


@pytest.mark.parametrize(
    ("text", "number"),
    [("三百五", 350), ("两千三", 2300), ("1万5", 15000), ("1,299.5", "1299.5"), ("二十", 20), ("廿五", 25), ("俩", 2), ("零十一", None), ("百百", None)],
)
def test_a_number_is_read_or_none(text: str, number: int | str | None) -> None:
    assert value(text) == (None if number is None else Decimal(number))


def test_no_row_of_numerals_ends_in_an_error() -> None:
    rows = ("".join(signs) for length in range(1, 5) for signs in product("零一二两十百千万点廿", repeat=length))
    assert all(number is None or number >= 0 for number in map(value, rows))
