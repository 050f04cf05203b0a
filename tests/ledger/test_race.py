"""Eight workers at once: whatever they race for happens once and stays within its bound."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.ledger import ledger
from bot.ledger.ledger import LedgerRefused
from bot.store.conversation import append, conversation_turn
from bot.store.database import session
from bot.store.models import Case, LedgerEntry, Message, Payout
from bot.store.platform import DemoShop
from tests.ledger.shop import AT, open_case, open_shop

WORKERS = 8


Work = Callable[[Session, int], object]


def race(url: str, work: Work) -> list[object]:
    """Runs `work` in eight transactions that are open and ready before the first begins; what each returned or refused.

    SQLite has one writer: there the transactions start together instead.
    """
    start = threading.Barrier(WORKERS)

    def run(number: int) -> object:
        if url.startswith("sqlite"):
            start.wait(timeout=30)
        try:
            with session(url) as opened:
                opened.execute(text("SELECT 1"))
                if not url.startswith("sqlite"):
                    start.wait(timeout=30)
                return work(opened, number)
        except LedgerRefused as refused:
            return refused

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    with session(url) as opened:
        open_shop(opened, cap_fen=6000)
    return url


def test_the_same_offer_accepted_by_eight_is_paid_once(shop: str) -> None:
    def take(opened: Session, _: int) -> str:
        case = opened.get(Case, "k1")
        entry = ledger.promise(opened, case, cause="quality_defect", remedy="refund_part", fen=3000, at=AT)
        ledger.accept(opened, entry, AT)
        ledger.pay(opened, entry, DemoShop(opened), AT)
        return str(entry.entry_id)

    assert len(set(race(shop, take))) == 1
    with session(shop) as opened:
        assert opened.scalars(select(Payout.fen)).all() == [3000]
        assert [row["state"] for row in ledger.rows(opened, "k1")] == ["paid"]


def test_eight_different_promises_stay_within_the_cap(shop: str) -> None:
    def take(opened: Session, number: int) -> str:
        case = opened.get(Case, "k1")
        ledger.promise(opened, case, cause=f"cause{number}", remedy="refund_part", fen=1000, at=AT)
        return "promised"

    results = race(shop, take)
    assert results.count("promised") == 6
    assert all("cap" in str(result) for result in results if result != "promised")
    with session(shop) as opened:
        assert opened.scalar(select(func.sum(LedgerEntry.fen))) == 6000


def test_eight_cases_of_one_line_stay_within_what_was_paid(shop: str) -> None:
    with session(shop) as opened:
        for number in range(WORKERS):
            case = open_case(opened, f"w{number}", "l1", 10000, wish="complaint")
            case.state = "closed"
            opened.flush()

    def take(opened: Session, number: int) -> str:
        case = opened.get(Case, f"w{number}")
        ledger.promise(opened, case, cause=f"cause{number}", remedy="refund_part", fen=3000, at=AT)
        return "promised"

    results = race(shop, take)
    assert results.count("promised") == 3
    assert all("paid for the line" in str(result) for result in results if result != "promised")


def test_an_entry_accepted_and_cancelled_at_once_ends_one_way(shop: str) -> None:
    with session(shop) as opened:
        case = opened.get(Case, "k1")
        entry_id = ledger.promise(opened, case, cause="x", remedy="refund_part", fen=3000, at=AT).entry_id

    def take(opened: Session, number: int) -> str:
        entry = opened.get(LedgerEntry, entry_id)
        if number % 2:
            ledger.cancel(opened, entry, AT)
            return "cancelled"
        ledger.accept(opened, entry, AT)
        return ledger.pay(opened, entry, DemoShop(opened), AT)

    results = race(shop, take)
    with session(shop) as opened:
        state = ledger.entries_of_line(opened, "o1", "l1")[0].state
        paid = opened.scalar(select(func.coalesce(func.sum(Payout.fen), 0)))
    assert (state, paid) in {("paid", 3000), ("cancelled", 0)}
    assert {result for result in results if isinstance(result, str)} == {state}


def test_goods_brought_back_eight_times_are_paid_once(shop: str) -> None:
    with session(shop) as opened:
        case = opened.get(Case, "k1")
        entry = ledger.promise(opened, case, cause="change_of_mind", remedy="return_refund", fen=5000, at=AT)
        ledger.accept(opened, entry, AT, return_needed=True)

    def bring(opened: Session, _: int) -> int:
        return len(ledger.goods_returned(opened, "o1", "l1", AT))

    assert sorted(str(result) for result in race(shop, bring)) == ["0"] * 7 + ["1"]


def test_goods_come_back_while_the_customer_asks_for_a_person(postgres_url: str) -> None:
    """SQLite has one writer. Here the courier's transaction begins before the hand-over's is committed."""
    with session(postgres_url) as opened:
        open_shop(opened, cap_fen=6000)
        case = opened.get(Case, "k1")
        entry = ledger.promise(opened, case, cause="change_of_mind", remedy="return_refund", fen=5000, at=AT)
        ledger.accept(opened, entry, AT, return_needed=True)
        case.state = "awaiting_return"

    def bring() -> list[str]:
        with session(postgres_url) as opened:
            return [row.state for row in ledger.goods_returned(opened, "o1", "l1", AT)]

    with ThreadPoolExecutor(1) as pool:
        with session(postgres_url) as opened, conversation_turn(opened, "t1", customer_id="c1", at=AT) as conversation:
            conversation.owner = "queue"
            opened.get(Case, "k1").state = "with_person"
            opened.flush()
            courier = pool.submit(bring)
            while not waits_for_a_lock(postgres_url):
                assert not courier.done(), courier.result()
        assert courier.result(timeout=30) == ["paid"]
    with session(postgres_url) as opened:
        assert opened.get(Case, "k1").state == "with_person"


def waits_for_a_lock(url: str) -> bool:
    """Whether a transaction in this PostgreSQL database waits for another."""
    with session(url) as opened:
        here = "datname = current_database() AND wait_event_type = 'Lock'"
        return bool(opened.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {here}")))


def test_turns_of_one_conversation_come_one_after_the_other(shop: str) -> None:
    def speak(opened: Session, number: int) -> int:
        with conversation_turn(opened, "t1", customer_id="c1", at=AT) as conversation:
            # Two of the workers carry the same client id: one message, twice the same number.
            return append(opened, conversation, "customer", f"第{number}句", AT, client_id=f"m{number // 2}").seq

    results = race(shop, speak)
    assert sorted(map(str, results)) == ["1", "1", "2", "2", "3", "3", "4", "4"]
    with session(shop) as opened:
        assert opened.scalar(select(func.count()).select_from(Message)) == 4
