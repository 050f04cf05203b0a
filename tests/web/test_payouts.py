"""What the platform does not confirm is paid again by the running product, once, and an operator sees it meanwhile."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, select
from starlette.testclient import TestClient

from bot.cases.payouts import LONGEST_PAUSE, Payouts
from bot.ledger import ledger
from bot.store import models
from bot.store.database import engine, session
from bot.store.platform import DemoShop, PlatformError
from bot.web import app
from tests.ledger.shop import AT, open_shop
from tests.promises.test_growth import GROW
from tests.web.conftest import Agent, both_databases, money
from tests.web.test_live import until
from tests.web.test_watch import number, until_number


def refused(*, loses: int = 0) -> str:
    """A payout of 500 fen that the platform did not confirm at AT; `loses`: which it made all the same."""
    with session() as opened:
        case = open_shop(opened)
        entry = ledger.promise(opened, case, cause="price_drop", remedy="price_difference", fen=500, at=AT)
        ledger.accept(opened, entry, AT)
        assert ledger.pay(opened, entry, DemoShop(opened, refuses=1 - loses, loses=loses), AT) == "due"
        return str(entry.entry_id)


def steps(entry_id: str) -> list[str]:
    with session(read_only=True) as opened:
        kinds = select(models.LedgerStep.kind).where(models.LedgerStep.entry_id == entry_id).order_by(models.LedgerStep.seq)
        return list(opened.scalars(kinds))


def said() -> list[str]:
    with session(read_only=True) as opened:
        return list(opened.scalars(select(models.Message.text)))


@pytest.mark.usefixtures("staff", "rasa")
def test_the_running_product_pays_again_and_says_what_is_left(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_NOW", (AT + timedelta(minutes=20)).isoformat())
    monkeypatch.setattr(app, "PAY_EVERY", 0.05)
    pay = DemoShop.pay
    refused()
    monkeypatch.setattr(DemoShop, "pay", down)
    with TestClient(app.make_app()) as client:
        until_number(client, "heqi_payouts_unconfirmed", 1)
        assert (number(client, "heqi_payouts_unconfirmed_fen"), number(client, "heqi_payouts_unconfirmed_oldest_seconds")) == (500, 1200)
        agent = Agent(client, "xiaoli")
        with client.websocket_connect(f"/ws/desk?token={agent.token}") as desk:
            assert until(desk, "unpaid") == {"type": "unpaid", "count": 1, "fen": 500, "oldest_seconds": 1200}
        assert money() == []
        monkeypatch.setattr(DemoShop, "pay", pay)
        monkeypatch.setenv("HEQI_NOW", (AT + timedelta(minutes=40)).isoformat())
        until_number(client, "heqi_payouts_unconfirmed", 0)
        until_number(client, "heqi_payouts_confirmed_total", 1)
        assert number(client, "heqi_paid_fen_total") == 500
    assert money() == [("price_difference", 500)]
    assert ["补差价5.00元，原路退回" in text for text in said()] == [True]


def down(*_: object) -> str:
    raise PlatformError("down")


@both_databases
def test_pauses_grow_and_two_processes_pay_once(place: Any) -> None:
    entry_id = refused(loses=1)
    both = [Payouts(session, DemoShop) for _ in range(2)]
    start = Barrier(2)

    def look(payouts: Payouts, at: datetime) -> None:
        found = payouts.look(at)
        start.wait(10)
        payouts.try_again(at, found.unconfirmed)

    with ThreadPoolExecutor(2) as pool:
        for seconds, refuses, tried in ((5, 0, 1), (40, 1, 2), (120, 0, 3)):
            at = AT + timedelta(seconds=seconds)
            for payouts in both:
                payouts.platform_of = partial(DemoShop, refuses=refuses)
            list(pool.map(look, both, [at, at]))
            assert steps(entry_id).count("sent") == tried
    assert steps(entry_id)[-1] == "confirmed"
    assert money() == [("price_difference", 500)]
    assert ["补差价5.00元，原路退回" in text for text in said()] == [True]


def test_what_is_refused_for_a_day_is_tried_hourly_and_never_forgotten(place: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    entry_id = refused()
    monkeypatch.setattr(DemoShop, "pay", broken)
    payouts, at = Payouts(session, DemoShop), AT
    for _ in range(24 * 6):
        at += timedelta(minutes=10)
        payouts.try_again(at, payouts.look(at).unconfirmed)
    tries = steps(entry_id).count("sent")
    assert 24 <= tries <= 32
    assert payouts.look(at + 5 * LONGEST_PAUSE).unconfirmed[0].tries == tries
    # The clock was set back: not silent until it has caught up.
    payouts.try_again(AT, payouts.look(AT).unconfirmed)
    assert steps(entry_id).count("sent") == tries + 1


def broken(*_: object) -> str:
    raise RuntimeError("the platform's client fell over")


def test_a_look_reads_no_table_from_end_to_end(place: Any) -> None:
    refused()
    payouts = Payouts(session, DemoShop)
    payouts.look(AT)
    whole: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            plans = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values)
            whole.extend(plan for *_, plan in plans if plan.startswith("SCAN") and plan.split()[1] in GROW)

    event.listen(engine(), "before_cursor_execute", explain)
    payouts.try_again(AT + timedelta(minutes=1), payouts.look(AT + timedelta(minutes=1)).unconfirmed)
    event.remove(engine(), "before_cursor_execute", explain)
    assert whole == []
