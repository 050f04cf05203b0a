"""An amount over several pieces, in whole fen.

Each piece gets the amount divided by the number of pieces, rounded down; the last piece takes the
remainder. So the pieces always add up to the amount, and whoever returns them one by one gets back
exactly what was paid. (Shares of an amount are rounded half up: bot.aftersales.money.share_of.)
"""

from __future__ import annotations


def split(fen: int, pieces: int) -> tuple[int, ...]:
    """`fen` over `pieces`: (100, 3) → (33, 33, 34). Raises ValueError for fen < 0 or pieces < 1."""
    if fen < 0:
        raise ValueError(f"fen must be 0 or more, not {fen}")
    if pieces < 1:
        raise ValueError(f"pieces must be 1 or more, not {pieces}")
    each = fen // pieces
    return (each,) * (pieces - 1) + (fen - each * (pieces - 1),)


def part(fen: int, pieces: int, *, already: int, now: int) -> int:
    """What `now` pieces are worth after `already` pieces were dealt with. Raises ValueError beyond the last piece."""
    if already < 0 or now < 0 or already + now > pieces:
        raise ValueError(f"{already} + {now} pieces of {pieces}")
    return sum(split(fen, pieces)[already : already + now])
