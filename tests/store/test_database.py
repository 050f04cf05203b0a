from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from bot.store.conversation import append, conversation_turn
from bot.store.database import session
from bot.store.models import (
    Agent,
    Case,
    Conversation,
    Customer,
    Evidence,
    Message,
    Order,
    OrderLine,
    Price,
    Sku,
)

AT = datetime(2026, 11, 25, 12, 0, tzinfo=timezone(timedelta(hours=8)))


def write_and_fail() -> None:
    with session() as opened:
        opened.add(Customer(customer_id="c1"))
        opened.flush()
        raise RuntimeError("half way")


def test_what_fails_leaves_nothing_behind(database_url: str) -> None:
    with pytest.raises(RuntimeError, match="half way"):
        write_and_fail()
    with session(read_only=True) as opened:
        assert opened.scalars(select(Customer)).all() == []


def test_times_are_stored_in_utc_and_read_in_the_shops_zone(database_url: str) -> None:
    new_york = AT.astimezone(timezone(timedelta(hours=-5)))
    with session() as opened:
        opened.add(Conversation(conversation_id="t1", opened_at=new_york, updated_at=AT))
    with session() as opened:
        assert opened.get(Conversation, "t1").opened_at.isoformat() == "2026-11-25T12:00:00+08:00"
        stored = opened.execute(text("SELECT opened_at FROM conversations")).scalar_one()
        assert str(stored).startswith("2026-11-25 04:00:00")


def test_a_time_without_zone_is_refused(database_url: str) -> None:
    with pytest.raises(StatementError, match="时间缺少时区"), session() as opened:
        opened.add(Conversation(conversation_id="t1", opened_at=datetime(2026, 11, 25), updated_at=AT))


def test_chinese_in_json_stays_readable(database_url: str) -> None:
    with session() as opened:
        opened.add(Sku(sku_id="s1", spu_id="p1", title="杯子", traits=["礼物"]))
    with session() as opened:
        assert "礼物" in str(opened.execute(text("SELECT CAST(traits AS text) FROM skus")).scalar_one())
        assert opened.get(Sku, "s1").traits == ["礼物"]


def fill(opened: Any) -> None:
    opened.add_all(
        [
            Customer(customer_id="c1"),
            Sku(sku_id="s1", spu_id="p1", title="杯子"),
            Order(order_id="o1", customer_id="c1", status="delivered"),
            OrderLine(order_id="o1", line_id="l1", sku_id="s1", quantity=1, unit_paid_fen=100),
            Conversation(conversation_id="t1", customer_id="c1", opened_at=AT, updated_at=AT),
            Case(case_id="k1", conversation_id="t1", customer_id="c1", order_id="o1", line_id="l1", wish="refund", opened_at=AT, updated_at=AT),
        ]
    )


def case(**values: Any) -> Case:
    given = {"case_id": "k2", "conversation_id": "t1", "customer_id": "c1", "opened_at": AT, "updated_at": AT}
    return Case(**{**given, **values})


WRONG: list[tuple[str, Any]] = [
    ("an unknown tier", lambda: Customer(customer_id="c2", tier="gold")),
    ("an order of nobody", lambda: Order(order_id="o2", customer_id="nobody", status="paid")),
    ("an unknown status", lambda: Order(order_id="o2", customer_id="c1", status="lost")),
    ("negative freight", lambda: Order(order_id="o2", customer_id="c1", status="paid", freight_fen=-1)),
    ("no piece", lambda: OrderLine(order_id="o1", line_id="l2", sku_id="s1", quantity=0, unit_paid_fen=1)),
    ("a negative price paid", lambda: OrderLine(order_id="o1", line_id="l2", sku_id="s1", quantity=1, unit_paid_fen=-1)),
    ("a line of unknown goods", lambda: OrderLine(order_id="o1", line_id="l2", sku_id="s9", quantity=1, unit_paid_fen=1)),
    ("an unknown kind of price", lambda: Price(sku_id="s1", at=AT, kind="rumour", price_fen=1)),
    ("a negative price", lambda: Price(sku_id="s1", at=AT, kind="direct", price_fen=-1)),
    ("an unknown owner", lambda: Conversation(conversation_id="t2", owner="ghost", opened_at=AT, updated_at=AT)),
    ("an unknown speaker", lambda: Message(conversation_id="t1", seq=1, sender="ghost", at=AT)),
    ("an unknown state", lambda: case(state="lost")),
    ("an unknown wish", lambda: case(wish="revenge")),
    ("an unknown reason for a person", lambda: case(human_reason="bored")),
    ("a floor above the cap", lambda: case(floor_fen=2, cap_fen=1)),
    ("a line without its order", lambda: case(line_id="l1")),
    ("a line of another order", lambda: case(order_id="o1", line_id="l9")),
    ("a second open case for line and wish", lambda: case(order_id="o1", line_id="l1", wish="refund", state="with_person")),
    ("unknown evidence", lambda: Evidence(evidence_id="e1", case_id="k1", kind="rumour", sha256="0" * 64, at=AT, path="p")),
    ("evidence without hash", lambda: Evidence(evidence_id="e1", case_id="k1", kind="photo", sha256="", at=AT, path="p")),
    ("an unknown role", lambda: Agent(name="a", role="king", password_hash="x")),
]


@pytest.mark.parametrize("record", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_the_database_refuses(database_url: str, record: Any) -> None:
    with session() as opened:
        fill(opened)
    with pytest.raises(IntegrityError), session() as opened:
        opened.add(record())


def test_other_matters_of_the_same_line_may_be_open_beside(database_url: str) -> None:
    with session() as opened:
        fill(opened)
    with session() as opened:
        opened.add(case(order_id="o1", line_id="l1", wish="complaint"))
        opened.add(case(case_id="k3", order_id="o1", line_id="l1", wish="refund", state="closed"))
        opened.get(Case, "k1").state = "settled"
    with session() as opened:
        opened.add(case(case_id="k4", order_id="o1", line_id="l1", wish="refund"))


def test_a_turn_opens_the_conversation_and_numbers_its_messages(database_url: str) -> None:
    with session() as opened:
        opened.add(Customer(customer_id="c1"))
    for number, text_said in enumerate(("你好", "在吗"), start=1):
        with session() as opened, conversation_turn(opened, "t1", customer_id="c1", at=AT) as conversation:
            assert append(opened, conversation, "customer", text_said, AT, client_id=f"m{number}").seq == number
    with session() as opened, conversation_turn(opened, "t1", customer_id="c1", at=AT) as conversation:
        again = append(opened, conversation, "customer", "别的话", AT, client_id="m1")
        assert (again.seq, again.text, conversation.last_seq) == (1, "你好", 2)


def test_nobody_takes_a_turn_in_anothers_conversation(database_url: str) -> None:
    with session() as opened:
        opened.add_all([Customer(customer_id="c1"), Customer(customer_id="c2")])
    with session() as opened, conversation_turn(opened, "t1", customer_id="c1", at=AT):
        pass
    with pytest.raises(PermissionError), session() as opened, conversation_turn(opened, "t1", customer_id="c2", at=AT):
        pass


def test_a_conversation_may_be_nobodys_until_the_customer_is_known(database_url: str) -> None:
    with session() as opened, conversation_turn(opened, "t1", customer_id=None, at=AT) as conversation:
        assert (conversation.customer_id, conversation.owner, conversation.fence) == (None, "bot", 0)
    with session() as opened:
        opened.add(Customer(customer_id="c1"))
    with session() as opened, conversation_turn(opened, "t1", customer_id="c1", at=AT) as conversation:
        assert conversation.customer_id == "c1"


def test_the_server_watches_over_the_link_of_whoever_holds_locks(postgres_url: str) -> None:
    with session(postgres_url, read_only=True) as opened:
        shown = [opened.scalar(text(f"SHOW {name}")) for name in ("tcp_user_timeout", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")]
    assert shown == ["10000", "5", "2", "3"]
    with session(f"{postgres_url}?options=-c%20tcp_keepalives_idle%3D60", read_only=True) as opened:
        assert opened.scalar(text("SHOW tcp_keepalives_idle")) == "60"
