"""Amounts: integer fen, shares of them, and how they are written for a customer."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def share_of(fen: int, share: float) -> int:
    """`share` (0–1) of an amount, rounded half up to a whole fen (四舍五入到分, rules.md 3.2).

    The share is read as its shortest decimal, so 0.3 is three tenths and not 0.299999….
    """
    if share == 1:
        return fen
    return int((fen * Decimal(repr(share))).quantize(Decimal(1), ROUND_HALF_UP))


def yuan(fen: int) -> str:
    """50000 → 「500.00元」."""
    return f"{fen // 100}.{fen % 100:02d}元"


def percent(share: float) -> str:
    """0.3 → 「30%」."""
    return f"{share * 100:.4g}%"
