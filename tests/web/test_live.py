"""WebSockets: both sides hear at once, only what is theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from bot.cases import duty
from bot.store import models
from bot.store.database import session
from bot.web import hub, live
from tests.web.conftest import LAMP, MUG, Agent, Customer, customer_token, wait_until
from tests.web.stand_in import StandIn
from tests.web.test_desk import handed_over


def until(socket: WebSocketTestSession, kind: str, **fields: Any) -> dict[str, Any]:
    """The next frame of this kind with these fields; other frames are passed over."""
    for _ in range(50):
        frame: dict[str, Any] = socket.receive_json()
        if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
            return frame
    raise AssertionError(f"no frame {kind}")


def test_the_customer_hears_typing_and_answer(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    rasa.gate.clear()
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as socket:
        assert socket.receive_json() == {"type": "ready", "owner": "bot", "last_seq": 0}
        customer.send("你好")
        assert until(socket, "message")["message"]["text"] == "你好"
        until(socket, "typing", **{"from": "bot", "on": True})
        rasa.gate.set()
        assert until(socket, "message")["message"]["from"] == "bot"
        socket.send_json({"type": "ping"})
        until(socket, "pong")


def test_customer_and_agent_talk_live(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as chat, client.websocket_connect(f"/ws/desk?token={agent.token}") as desk:
        assert chat.receive_json()["owner"] == "queue"
        assert desk.receive_json() == {"type": "ready", "name": "xiaoli", "role": "agent"}
        desk.send_json({"type": "watch", "conversation_id": customer.conversation_id})
        agent.does(case_id, "claim")
        until(chat, "owner", agent="xiaoli")
        until(desk, "cases")
        desk.send_json({"type": "typing", "conversation_id": customer.conversation_id, "on": True})
        until(chat, "typing", **{"from": "agent", "on": True})
        agent.does(case_id, "reply", text="您好")
        assert until(chat, "message", )["message"]["text"] != ""
        chat.send_json({"type": "typing", "on": True})
        until(desk, "typing", conversation_id=customer.conversation_id, on=True)
        customer.send("我想退货")
        while until(desk, "message")["message"]["text"] != "我想退货":
            pass


@pytest.mark.timeout(60)
def test_what_is_written_while_a_chat_connects_is_heard(
    client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(MUG)
    monkeypatch.setattr(hub, "LOOK_EVERY", 3600.0)  # only what is told at once
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    fetch = live.fetch

    def slow(*asked: Any) -> dict[str, Any]:
        found = fetch(*asked)
        monkeypatch.setattr(live, "fetch", fetch)
        agent.does(case_id, "reply", text="您好")
        return found

    monkeypatch.setattr(live, "fetch", slow)
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as chat:
        assert until(chat, "message")["message"]["text"] == "您好"


def test_a_connected_desk_is_on_duty(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    agent = Agent(client, "xiaoli")
    assert "没有同事在线" in "".join(message["text"] for message in customer.ask("转人工"))
    with client.websocket_connect(f"/ws/desk?token={agent.token}") as socket:
        socket.receive_json()
        wait_until(lambda: present() == ["xiaoli"], "the connected desk is on duty")
        assert customer.list()["queue"] == {"ahead": 0, "on_duty": True, "wait_minutes": None}
        assert {row["name"]: row["on_duty"] for row in client.get("/api/v1/desk/agents", headers=agent.headers).json()["agents"]} == {
            "laochen": False, "xiaoli": True, "xiaowang": False,
        }
    with session(read_only=True) as db:
        seen: datetime | None = db.scalars(select(models.Agent.seen_at).where(models.Agent.name == "xiaoli")).one()
    assert seen is not None


def present() -> list[str]:
    with session(read_only=True) as db:
        return duty.present(db)


@pytest.mark.parametrize("path", ["/ws/chat", "/ws/desk"])
def test_a_socket_without_the_right_token_is_closed(client: TestClient, given: Callable[..., None], staff: None, path: str) -> None:
    given(LAMP)
    other = Agent(client, "xiaoli").token if path == "/ws/chat" else Customer(client, "cus_t001").token
    for token in ("", "x.y.z", customer_token("cus_t001"), other):
        with client.websocket_connect(f"{path}?token={token}") as socket, pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 4401, token


@pytest.mark.parametrize("frame", ["no json", "[]", '{"type": 7}', "{}", "x" * 5000])
def test_a_wrong_frame_closes_the_socket(client: TestClient, given: Callable[..., None], frame: str) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as socket:
        socket.receive_json()
        socket.send_text(frame)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 4400


def test_a_long_poll_hears_a_message_that_comes_later(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    customer.seen = customer.list()["messages"][-1]["seq"]
    agent.does(case_id, "claim")
    assert customer.hear()[0]["from"] == "system"
