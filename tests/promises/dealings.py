"""All that can be done about one customer's money: said, pressed, offered, sent back, repeated, and cut off in the middle.

The pieces are the real ones (inbox, conversation, desk, ledger, database). `Death` cuts a transaction off right before
or right after its commit: what a `kill -9` leaves behind; whoever was cut off does the same again.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import (
    bargaining,
    conversation,
    desk,
    escalation,
    inbox,
    intake,
    withdrawal,
)
from bot.cases.desk_refused import DeskRefused
from bot.cases.turn import Entity, Turn
from bot.ledger import ledger
from bot.ledger.ledger import LedgerRefused
from bot.store import models, snapshot
from bot.store.database import session
from bot.store.platform import DemoShop, PlatformError
from tests.dialogues.shop import NOW, snapshot_of
from tests.promises.interleaving import AGENTS, SUPERVISOR, understood
from tests.web.conftest import DROPPED, LAMP, MUG

ORDERS: dict[str, dict[str, Any]] = {
    "手机降价": DROPPED,
    "两只手机降价": {**DROPPED, "quantity": 2},
    "杯子": MUG,
    "台灯": LAMP,
    "三盒曲奇": {"goods": "biscuit", "unit": 6900, "paid": 4, "delivered": 1, "quantity": 3, "labels": []},
    "没发货": {"goods": "dress", "unit": 29900, "paid": 3, "shipped": None, "delivered": None},
    "在路上": {"goods": "headset", "unit": 29900, "paid": 3, "shipped": 1, "delivered": None},
    "贵的": {"goods": "rice_cooker", "unit": 32900, "paid": 20, "delivered": 17},
}
SAYINGS: tuple[tuple[str, str, tuple[str, ...], Callable[..., Any]], ...] = (
    ("退我差价", "price_protection", (), intake.open_case),
    ("碎了退款", "refund", ("damaged_in_transit",), intake.open_case),
    ("碎了", "compensation", ("damaged_in_transit",), intake.open_case),
    ("不要了退货", "return_goods", ("change_of_mind",), intake.open_case),
    ("坏的换一个", "exchange", ("quality_defect",), intake.open_case),
    ("坏的退货", "return_goods", ("quality_defect",), intake.open_case),
    ("少了一件", "resend", ("missing_item",), intake.open_case),
    ("取消订单", "cancel_order", (), intake.open_case),
    ("态度太差", "compensation", ("service_attitude",), intake.open_case),
    ("可以", "accept_offer", (), bargaining.accept_offer),
    ("不行", "reject_offer", (), bargaining.reject_offer),
    ("最少三十", "counter_offer", (), bargaining.counter_offer),
    ("赔我一千", "counter_offer", (), bargaining.counter_offer),
    ("凭什么", "ask_why", (), bargaining.explain),
    ("不退了", "withdraw", (), withdrawal.withdraw),
    ("转人工", "human", (), escalation.hand_over_on_request),
)
"""What is said and what it is understood as, the longer words first. Understanding is not under attack here."""
SUMS = {"最少三十": 3000, "赔我一千": 100000}

ANSWERED = (DeskRefused, inbox.UnknownChoice)
"""What an agent or a customer who asks too much is answered. The bot itself never asks the ledger for too much."""


class Killed(BaseException):
    """The process died."""


class Death:
    """Kills the thread that asked for it right before or right after one of its next commits."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.of = threading.local()
        commit = Session.commit

        def mortal(db: Session) -> None:
            moment = getattr(self.of, "moment", None)
            if moment is not None:
                self.of.left -= 1
            dies = moment is not None and self.of.left == 0
            if dies:
                self.of.moment = None
            if dies and moment == "before":
                raise Killed
            commit(db)
            if dies:
                raise Killed

        patch.setattr(Session, "commit", mortal)

    @contextmanager
    def at(self, moment: str | None, commit: int) -> Iterator[None]:
        """`moment`: "before" or "after" the `commit`-th commit from here, counted from 1; None: nobody dies."""
        self.of.moment, self.of.left = moment, commit
        try:
            yield
        finally:
            self.of.moment = None


class Outage:
    """The shop's platform fails in this thread: it "refuses", or does the thing and "loses" its answer."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.of = threading.local()
        pay = DemoShop.pay

        def failing(shop: DemoShop, *order: Any) -> str:
            how = getattr(self.of, "how", None)
            if how == "refuses":
                raise PlatformError("refused")
            receipt = pay(shop, *order)
            if how == "loses":
                raise PlatformError("the answer was lost")
            return receipt

        patch.setattr(DemoShop, "pay", failing)

    @contextmanager
    def being(self, how: str | None) -> Iterator[None]:
        self.of.how = how
        try:
            yield
        finally:
            self.of.how = None


def open_shop() -> None:
    """The desk's people."""
    with session() as db:
        for name in AGENTS:
            db.add(models.Agent(name=name, role="agent", password_hash="x"))
        db.add(models.Agent(name=SUPERVISOR, role="supervisor", password_hash="x"))


class Dealings:
    """Customer `number` with one order of ORDERS. Acts raise one of ANSWERED where they are refused."""

    def __init__(self, number: int, kind: str) -> None:
        self.customer = f"cus_t{number:03d}"
        self.at = NOW
        self.given = snapshot_of(number, [ORDERS[kind]])
        self.prices: list[int] = [price["price_fen"] for price in self.given["prices"]]
        with session() as db:
            snapshot.merge(db, snapshot.read(json.dumps(self.given)), NOW)
        self.conversation_id, _ = inbox.open_conversation(self.customer, self.at)
        self.begun: list[inbox.Waiting] = []

    def pass_time(self, hours: float) -> None:
        self.at += timedelta(hours=hours)

    # --- the customer

    def say(self, text: str, client_id: str) -> None:
        inbox.receive(self.conversation_id, self.customer, client_id, self.at, text=text)

    def shown(self) -> list[str]:
        """Every button that was ever shown, oldest first."""
        with session(read_only=True) as db:
            messages = db.scalars(
                select(models.Message).where(models.Message.conversation_id == self.conversation_id).order_by(models.Message.seq)
            ).all()
            return [inbox.public_choice(message.seq, choice["id"]) for message in messages for choice in message.choices]

    def press(self, choice: str, client_id: str) -> None:
        inbox.receive(self.conversation_id, self.customer, client_id, self.at, choice=choice)

    def show_picture(self, picture: str, client_id: str) -> None:
        """`picture`: the same again is the same file."""
        file = inbox.File(f"upl_{client_id}", "image/png", f"{picture:0>64}", 1000, None)
        inbox.receive(self.conversation_id, self.customer, client_id, self.at, file=file)

    def answer(self) -> None:
        """The bot answers what waits."""
        waiting = inbox.waiting(self.conversation_id)
        if waiting is not None:
            self.begun.append(waiting)
            conversation.take(*self.understood(waiting))

    def answer_late(self, index: int) -> None:
        """An answer that was begun before, perhaps given already, comes once more."""
        if self.begun:
            conversation.take(*self.understood(self.begun[index % len(self.begun)]))

    def understood(self, waiting: inbox.Waiting) -> tuple[Turn, Any]:
        turn, handler = understood(waiting, self.at, SAYINGS)
        entities = tuple(Entity("amount", fen) for text, fen in SUMS.items() if text in waiting.said)
        return msgspec.structs.replace(turn, entities=entities), handler

    # --- the shop

    def drop_price(self, fen: int) -> None:
        """The goods cost `fen` less than ever before."""
        line = self.given["orders"][0]["lines"][0]
        self.prices.append(max(1, min(self.prices) - fen))
        self.at += timedelta(minutes=1)
        record = {"sku_id": line["sku_id"], "at": self.at.isoformat(), "price_fen": self.prices[-1], "kind": "direct"}
        with session() as db:
            snapshot.merge(db, snapshot.read(json.dumps({"prices": [record]})), self.at)

    def bring_back(self) -> None:
        line = self.given["orders"][0]
        with suppress(LedgerRefused), session() as db:
            ledger.goods_returned(db, line["order_id"], line["lines"][0]["line_id"], self.at)

    def pay_due(self) -> None:
        ledger.pay_due(session, DemoShop, self.at)

    # --- the desk

    def holder(self) -> str | None:
        """The agent who has the conversation."""
        with session(read_only=True) as db:
            return db.scalar(select(models.Conversation.agent_id).where(models.Conversation.conversation_id == self.conversation_id))

    def case(self, index: int) -> str:
        """A case of the customer's, the newest first. Raises DeskRefused where there is none yet."""
        with session(read_only=True) as db:
            found = db.scalars(
                select(models.Case.case_id).where(models.Case.customer_id == self.customer).order_by(models.Case.updated_at.desc(), models.Case.opened_at, models.Case.case_id)
            ).all()
        if not found:
            raise DeskRefused("no_case", "")
        return str(found[index % len(found)])

    def claim(self, index: int, who: str) -> None:
        desk.claim(self.case(index), who, self.at)

    def offer(self, index: int, who: str, remedy: str, fen: int, client_id: str) -> None:
        desk.offer(self.case(index), who, remedy, fen, self.at, client_id=client_id)

    def put_order(self, index: int, who: str) -> None:
        order = self.given["orders"][0]
        desk.put_order(self.case(index), who, order["order_id"], order["lines"][0]["line_id"], self.at)

    def approve(self, index: int, who: str, remedy: str | None) -> None:
        desk.approve(self.case(index), who, self.at, remedy)

    def refuse(self, index: int, who: str) -> None:
        desk.refuse(self.case(index), who, self.at)

    def give_back(self, index: int, who: str) -> None:
        desk.return_to_bot(self.case(index), who, self.at)

    def resolve(self, index: int, who: str, outcome: str) -> None:
        desk.resolve(self.case(index), who, outcome, self.at)


def again_if_killed(death: Death, moment: str | None, commit: int, act: Callable[[], None]) -> bool:
    """Does the act; whoever is killed at it does it once more. Returns whether somebody died. Raises what the act is refused with."""
    try:
        with death.at(moment, commit):
            act()
        return False
    except Killed:
        act()
        return True


def tried(act: Callable[[], None]) -> None:
    with suppress(*ANSWERED):
        act()


def fresh() -> str:
    return uuid.uuid4().hex
