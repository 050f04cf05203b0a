from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.split import part, split


@pytest.mark.parametrize(
    ("fen", "pieces", "amounts"),
    [
        (100, 1, (100,)),
        (100, 3, (33, 33, 34)),
        (200, 3, (66, 66, 68)),
        (1, 2, (0, 1)),  # half a fen each: rounded down, the last piece takes it
        (3, 2, (1, 2)),
        (2, 3, (0, 0, 2)),
        (0, 3, (0, 0, 0)),
    ],
)
def test_the_last_piece_takes_the_remainder(fen: int, pieces: int, amounts: tuple[int, ...]) -> None:
    assert split(fen, pieces) == amounts


@given(fen=st.integers(0, 10**9), pieces=st.integers(1, 50), data=st.data())
def test_pieces_returned_one_after_the_other_give_back_exactly_what_was_paid(fen: int, pieces: int, data: st.DataObject) -> None:
    already, given_back = 0, 0
    while already < pieces:
        now = data.draw(st.integers(1, pieces - already))
        given_back += part(fen, pieces, already=already, now=now)
        already += now
    assert given_back == fen


@pytest.mark.parametrize(("fen", "pieces"), [(-1, 1), (1, 0), (1, -2)])
def test_impossible_amounts_are_refused(fen: int, pieces: int) -> None:
    with pytest.raises(ValueError, match="not"):
        split(fen, pieces)


@pytest.mark.parametrize(("already", "now"), [(2, 2), (-1, 1), (0, 4), (4, 0)])
def test_pieces_beyond_the_last_are_refused(already: int, now: int) -> None:
    with pytest.raises(ValueError, match="of 3"):
        part(100, 3, already=already, now=now)
