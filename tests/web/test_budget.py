"""The month's goodwill reaches the owner's budget: no more is offered, people decide, the owner is told; what is owed is paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.cases import intake
from bot.store import models
from bot.store.database import session
from bot.store.password import hashed
from tests.dialogues.shop import NOW
from tests.web import stand_in
from tests.web.conftest import DROPPED, PASSWORD, Agent, Customer, both_databases, money

PERIOD = "/api/v1/insight?from=2026-11-25&to=2026-11-25"
LATE = {"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 4, "delivered": 2}
ASKS = "发货太慢"
"""Of a lamp that was shipped late and has come: nothing is owed, goodwill may be offered."""


def offered(customer: Customer) -> list[tuple[str, int, int]]:
    """The options of the bot's offers to this customer: (remedy, fen, cost in fen)."""
    with session(read_only=True) as db:
        rows = db.scalars(select(models.Offer).join(models.Case, models.Case.case_id == models.Offer.case_id).where(models.Case.conversation_id == customer.conversation_id))
        return [(option["remedy"], option["fen"], option["cost_fen"]) for row in rows for option in row.options]


@both_databases
def test_a_spent_budget_stops_goodwill_and_nothing_else(
    client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEQI_MONTH_BUDGET_FEN", "1")
    monkeypatch.setattr(stand_in, "WORDS", (("太慢", "compensation", ("late_delivery",), intake.open_case), *stand_in.WORDS))
    for number in (1, 2, 3, 5):
        given(LATE, number=number)
    given(DROPPED, number=4)
    first, equal, late, owed = (Customer(client, f"cus_t00{number}") for number in (1, 2, 3, 4))
    first.ask(ASKS)
    equal.ask(ASKS)
    assert offered(equal) == offered(first) != []

    first.ask(choice=first.list()["messages"][-1]["choices"][0]["id"])
    ((remedy, fen),) = money()
    assert fen > 0
    late.ask(ASKS)
    assert offered(late) == []
    with session(read_only=True) as db:
        row = db.scalars(select(models.Case).where(models.Case.conversation_id == late.conversation_id)).one()
        assert (row.state, row.human_reason, row.floor_fen, row.cap_fen) == ("with_person", "over_limit", 0, 0)
        assert row.summary is not None
        assert row.summary["signals"]["month_fen"] == 1 <= row.summary["signals"]["goodwill_fen"]
    assert late.owner() == "queue"
    assert not any("预算" in message["text"] for message in late.list()["messages"])

    owed.ask("降价了,退我差价")
    assert money() == [(remedy, fen), ("price_difference", 50000)]
    # What was offered before the stop stands.
    equal.ask(choice=equal.list()["messages"][-1]["choices"][0]["id"])
    assert equal.case()["state"] == "settled"

    with session() as db:
        db.add(models.Agent(name="laoban", role="owner", password_hash=hashed(PASSWORD)))
    told = client.get(PERIOD, headers=Agent(client, "laoban").headers).json()
    goodwill = told["money"]["goodwill_fen"]
    assert told["money"]["budget"] == {"month": "2026-11", "month_fen": 1, "goodwill_fen": goodwill, "spent": True}
    assert told["money"]["owed_fen"] == 50000, "what was owed is told apart and neither counted nor stopped"
    assert told["money"]["owed_fen"] + goodwill == told["money"]["paid_fen"]
    assert "不再给善意补偿" in told["advice"][0]

    monkeypatch.setenv("HEQI_NOW", (NOW + timedelta(days=6)).isoformat())
    december = Customer(client, "cus_t005")
    december.ask(ASKS)
    assert offered(december) == offered(first)
