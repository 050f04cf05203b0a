"""More than one machine: two of each process over one PostgreSQL. A customer at one, an agent at the other; one dies."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from bot.store import models, snapshot
from bot.store.database import session
from bot.store.password import hashed
from tests.dialogues.shop import NOW, snapshot_of
from tests.promises.product import Customer, Killable
from tests.web.conftest import DROPPED, PASSWORD


def texts(customer: Customer) -> list[tuple[int, str, str]]:
    listed = customer.call("GET", "/api/v1/messages?after=0&wait=0")["messages"]
    return [(message["seq"], message["from"], message["text"]) for message in listed]


class Desk(Customer):
    """An agent's browser at one of the machines."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.customer_id, self.token = port, name, ""
        self.token = str(self.call("POST", "/api/v1/desk/login", {"user": name, "password": PASSWORD})["token"])

    def act(self, case_id: str, name: str, **body: Any) -> None:
        self.call("POST", f"/api/v1/desk/cases/{case_id}/{name}", body)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_customer_and_agent_at_two_machines_talk_and_one_may_die(database_url: str, tmp_path: Path) -> None:
    with session() as db:
        snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(1, [DROPPED]))), NOW)
        db.add(models.Agent(name="xiaoli", role="agent", password_hash=hashed(PASSWORD)))
    near, far = Killable(database_url, tmp_path), Killable(database_url, tmp_path)
    far.log_dir = tmp_path / "log-far"
    try:
        near.start()
        far.start()
        customer = Customer(near.port, "cus_t001")
        customer.ask("1", "转人工")
        agent = Desk(far.port, "xiaoli")
        case_id = agent.call("GET", "/api/v1/desk/cases?state=queue")["cases"][0]["case_id"]
        agent.act(case_id, "claim")
        seq = texts(customer)[-1][0]
        agent.act(case_id, "reply", text="您好,我是小丽")
        # The long poll at the near machine hears what was said at the far one.
        heard = customer.call("GET", f"/api/v1/messages?after={seq}&wait=20")["messages"]
        assert [message["text"] for message in heard] == ["您好,我是小丽"]
        customer.call("POST", "/api/v1/messages", {"client_id": "2", "text": "手机降价了"})
        assert agent.call("GET", f"/api/v1/desk/cases/{case_id}")["messages"][-1]["text"] == "手机降价了"
        agent.act(case_id, "return-to-bot")
        before = texts(customer)
        for started in near.running.values():
            os.killpg(started.process.pid, signal.SIGKILL)
        # The proxy sends the page to the other machine: the same token, the same list, and the bot goes on there.
        customer.port = far.port
        assert texts(customer)[: len(before)] == before
        assert any("500.00元" in said for said in customer.ask("3", "手机降价了,把差价退给我"))
        assert texts(customer)[: len(before)] == before
        assert customer.call("POST", "/api/v1/messages", {"client_id": "2", "text": "手机降价了"})["seq"] in [seq for seq, _, _ in before]
    finally:
        near.stop()
        far.stop()
    with session(read_only=True) as db:
        assert [row.fen for row in db.query(models.Payout)] == [50000]
