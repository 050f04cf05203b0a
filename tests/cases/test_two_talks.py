"""A customer with two conversations about one case, both at once. SQLite has one writer: nothing comes in between there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.cases import assignment, bargaining, desk, escalation, evidence, inbox, intake
from bot.cases.desk_refused import DeskRefused
from bot.cases.turn import Turn
from bot.clock import SHOP_ZONE
from bot.ledger import ledger
from bot.store import models
from bot.store.conversation import conversation_turn
from bot.store.database import session
from tests.cases.conftest import Chat
from tests.dialogues.shop import NOW
from tests.ledger.test_race import waits_for_a_lock
from tests.web.conftest import MUG

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def cases() -> list[models.Case]:
    with session(read_only=True) as db:
        return list(db.scalars(select(models.Case)))


def only_case() -> models.Case:
    (row,) = cases()
    return row


def rejections() -> int:
    return [act.get("act") for act in only_case().negotiation].count("reject")


@only_postgresql
def test_what_one_conversation_did_to_the_case_the_other_does_not_undo(given: Callable[..., str], database_url: str) -> None:
    given(MUG)
    one, two = Chat(), Chat(conversation_id="other")
    one.say("有裂缝 赔点吧", intake.open_case, intent="compensation", issues=("quality_defect",))
    one.say("照片发了", evidence.take_evidence, intent="provide_evidence")
    two.say("有裂缝 赔点吧", intake.open_case, intent="compensation", issues=("quality_defect",))
    assert only_case().state == "negotiating"
    with ThreadPoolExecutor(1) as pool:
        with session() as db, conversation_turn(db, "talk", customer_id="cus_t001", at=NOW):
            turn = Turn("talk", "cus_t001", "不行", NOW + timedelta(minutes=9), intent="reject_offer", case_id=only_case().case_id)
            bargaining.reject_offer(db, turn)
            db.flush()
            other = pool.submit(two.say, "不行", bargaining.reject_offer, intent="reject_offer")
            while not waits_for_a_lock(database_url):
                assert not other.done(), other.result()
        assert other.result(timeout=30)
    assert rejections() == 2


@only_postgresql
def test_whatever_is_done_at_once_nobody_waits_in_a_circle(given: Callable[..., str], database_url: str) -> None:
    """PostgreSQL ends a circle of locks with an error; every act here either is done or is refused by the desk."""
    given(MUG)
    one, two = Chat(), Chat(conversation_id="other")
    one.say("不想要了", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    two.say("转人工", escalation.hand_over_on_request, intent="human")
    with session() as db:
        db.add(models.Agent(name="xiaoli", role="agent", password_hash="x", seen_at=datetime.now(SHOP_ZONE)))
        for case in db.scalars(select(models.Case).where(models.Case.order_id.is_not(None))):
            entry = ledger.promise(db, case, cause="change_of_mind", remedy="return_refund", fen=8900, at=NOW)
            ledger.accept(db, entry, NOW, return_needed=True)
            line = str(case.order_id), str(case.line_id)
    waits = [row.case_id for row in cases() if row.state == "with_person"]
    start = threading.Barrier(8)

    def bring_back() -> None:
        with session() as db:
            ledger.goods_returned(db, *line, NOW)

    def at_the_desk() -> None:
        for act in (desk.claim, desk.release):
            with suppress(DeskRefused):
                act(waits[0], "xiaoli", NOW)

    acts: list[Callable[[int], object]] = [
        lambda number: inbox.receive("talk", "cus_t001", f"a{number}", NOW, text="在吗"),
        lambda number: inbox.receive("other", "cus_t001", f"b{number}", NOW, text="在吗"),
        lambda _: one.say("不想要了", intake.open_case, intent="return_goods", issues=("change_of_mind",)),
        lambda _: two.say("不想要了", intake.open_case, intent="return_goods", issues=("change_of_mind",)),
        lambda _: inbox.open_conversation("cus_t001", NOW + timedelta(days=2)),
        lambda _: bring_back(), lambda _: at_the_desk(), lambda _: assignment.assign(1, NOW),
    ]

    def work(act: Callable[[int], object]) -> None:
        start.wait(timeout=30)
        for number in range(10):
            act(number)

    with ThreadPoolExecutor(len(acts)) as pool:
        assert list(pool.map(work, acts)) == [None] * len(acts)
