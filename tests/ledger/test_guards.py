"""The database's own guards, met by raw SQL: they hold whoever writes."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.ledger import ledger
from bot.store.database import session
from bot.store.models.ledger import STEPS
from bot.store.platform import DemoShop
from tests.ledger.shop import AT, open_case, open_shop

ENTRY = """INSERT INTO ledger_entries (entry_id, order_id, line_id, case_id, cause, remedy, attempt, fen, cost_fen, created_at)
VALUES (:entry_id, 'o1', :line_id, :case_id, :cause, :remedy, :attempt, :fen, :cost_fen, '2026-11-25 04:00:00+00:00')"""
STEP = "INSERT INTO ledger_steps (entry_id, seq, kind, at, by) VALUES (:entry_id, :seq, :kind, '2026-11-25 04:00:00+00:00', 'x')"


def write_entry(opened: Session, entry_id: str, **values: object) -> None:
    given = {"line_id": "l1", "case_id": "k1", "cause": "x", "remedy": "refund_part", "attempt": 1, "fen": 0, "cost_fen": 0}
    opened.execute(text(ENTRY), {"entry_id": entry_id, **given, **values})


def write_step(opened: Session, entry_id: str, seq: int, kind: str) -> None:
    opened.execute(text(STEP), {"entry_id": entry_id, "seq": seq, "kind": kind})


def prepare(database_url: str) -> None:
    with session(database_url) as opened:
        case = open_shop(opened, cap_fen=8000)
        entry = ledger.promise(opened, case, cause="price_drop", remedy="price_difference", fen=500, at=AT)
        ledger.accept(opened, entry, AT)
        ledger.pay(opened, entry, DemoShop(opened), AT)
        opened.execute(text("INSERT INTO audit_entries (audit_id, at, who, what, detail) VALUES (1, '2026-11-25 04:00:00+00:00', 'x', 'y', '{}')"))


CHANGES = [
    "UPDATE ledger_entries SET fen = 1",
    "UPDATE ledger_entries SET case_id = case_id",
    "DELETE FROM ledger_entries",
    "UPDATE ledger_steps SET kind = 'cancelled'",
    "DELETE FROM ledger_steps",
    "DELETE FROM ledger_steps WHERE seq > 1",
    "UPDATE audit_entries SET who = 'z'",
    "DELETE FROM audit_entries",
    "UPDATE payouts SET fen = 1",
    "DELETE FROM payouts",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_what_was_written_cannot_be_changed_or_removed(database_url: str, statement: str) -> None:
    prepare(database_url)
    with pytest.raises(IntegrityError, match="append-only"), session() as opened:
        opened.execute(text(statement))


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_steps", "audit_entries", "payouts"])
def test_nor_emptied_at_once(postgres_url: str, table: str) -> None:
    prepare(postgres_url)
    with pytest.raises(IntegrityError, match="append-only"), session(postgres_url) as opened:
        opened.execute(text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"fen": 7501}, "cap"),
        ({"remedy": "coupon", "cost_fen": 7501}, "cap"),
        ({"fen": 9501}, "cap|paid for the line"),
        ({"cause": "price_drop", "remedy": "price_difference", "attempt": 2}, "already promised"),
        ({"case_id": "k2"}, "another order"),
        ({"line_id": "l9"}, "(?i)foreign key"),
        ({"remedy": "exchange", "fen": 1}, "goods_fen"),
        ({"remedy": "none"}, "ck_ledger_entries_remedy"),
        ({"cost_fen": -1}, "cost_fen"),
    ],
)
def test_an_entry_that_must_not_be_is_refused(database_url: str, values: dict[str, object], refusal: str) -> None:
    prepare(database_url)
    with session() as opened:
        other = open_case(opened, "k2", "l1", 8000, wish="complaint")
        other.order_id = other.line_id = None
    with pytest.raises(IntegrityError, match=refusal), session() as opened:
        write_entry(opened, "e2", **values)


def test_the_line_bound_holds_beside_the_cap(database_url: str) -> None:
    prepare(database_url)
    with session() as opened:
        open_case(opened, "k2", "l1", 99999, wish="return_goods")
    with pytest.raises(IntegrityError, match="paid for the line"), session() as opened:
        write_entry(opened, "e2", case_id="k2", fen=9501)
    with session() as opened:
        write_entry(opened, "e2", case_id="k2", fen=9500)


def test_a_cap_never_falls_below_what_stands(database_url: str) -> None:
    prepare(database_url)
    with session() as opened:
        write_entry(opened, "e2", remedy="coupon", fen=900, cost_fen=300)
        write_entry(opened, "e3", fen=200)
        write_step(opened, "e3", 1, "promised")
        write_step(opened, "e3", 2, "cancelled")
    with pytest.raises(IntegrityError, match="cap below what stands"), session() as opened:
        opened.execute(text("UPDATE cases SET cap_fen = 799"))
    with pytest.raises(IntegrityError, match="cap below what stands"), session() as opened:
        opened.execute(text("UPDATE cases SET cap_fen = NULL, floor_fen = NULL"))
    with session() as opened:
        opened.execute(text("UPDATE cases SET cap_fen = 800"))


ALLOWED = {
    "promised": {"accepted", "cancelled"},
    "accepted": {"awaiting_return", "sent", "cancelled"},
    "awaiting_return": {"returned", "cancelled"},
    "returned": {"sent", "cancelled"},
    "sent": {"sent", "failed", "confirmed"},
    "failed": {"sent"},
    "confirmed": {"reversed"},
    "cancelled": set(),
    "reversed": set(),
}
PATHS = {
    "promised": ["promised"],
    "accepted": ["promised", "accepted"],
    "awaiting_return": ["promised", "accepted", "awaiting_return"],
    "returned": ["promised", "accepted", "awaiting_return", "returned"],
    "sent": ["promised", "accepted", "sent"],
    "failed": ["promised", "accepted", "sent", "failed"],
    "confirmed": ["promised", "accepted", "sent", "confirmed"],
    "cancelled": ["promised", "cancelled"],
    "reversed": ["promised", "accepted", "sent", "confirmed", "reversed"],
}


def test_steps_follow_each_other_only_as_they_may(database_url: str) -> None:
    prepare(database_url)
    for number, (before, after) in enumerate(itertools.product(PATHS, STEPS)):
        with session() as opened:
            write_entry(opened, f"e{number}", cause=f"c{number}")
            for seq, kind in enumerate(PATHS[before], start=1):
                write_step(opened, f"e{number}", seq, kind)
            allowed = True
            try:
                with opened.begin_nested():
                    write_step(opened, f"e{number}", len(PATHS[before]) + 1, after)
            except IntegrityError:
                allowed = False
            assert allowed == (after in ALLOWED[before]), f"{before} → {after}"


@pytest.mark.parametrize(("seq", "kind"), [(1, "accepted"), (1, "confirmed"), (2, "promised"), (0, "promised")])
def test_the_first_step_is_the_promise(database_url: str, seq: int, kind: str) -> None:
    prepare(database_url)
    with session() as opened:
        write_entry(opened, "e2")
    with pytest.raises(IntegrityError, match=r"ledger: |ledger_steps_seq"), session() as opened:
        write_step(opened, "e2", seq, kind)
