"""A customer's words and data, planted everywhere the running product takes them, then asked for and taken away."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.command import main
from bot.store import models
from bot.store.database import session
from tests.dialogues.shop import order_number
from tests.web.conftest import MUG, Agent, Customer, both_databases
from tests.web.stand_in import StandIn

PLANTED = ("13977776666", "诸葛亮亮", "卧龙岗", "6222021234567890128", "wx_zhuge88", "蓝鲸七号")
SAID = "我叫诸葛亮亮,电话13977776666,住杭州市西湖区卧龙岗路88号2栋301室,卡号6222021234567890128,微信号wx_zhuge88,暗号蓝鲸七号"
OTHERS = "另一位说的话"


def heqi(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def picture() -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = PLANTED[0]
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def everything(place: Path) -> str:
    """Every row of every table, and the name and bytes of every file the product keeps."""
    with session(read_only=True) as db:
        rows = [[list(map(str, row)) for row in db.execute(select(table))] for table in models.Record.metadata.sorted_tables]
    files = [f"{path} {path.read_bytes().decode('utf-8', 'ignore')}" for path in place.rglob("*") if path.is_file()]
    return f"{json.dumps(rows, ensure_ascii=False)} {files}"


@both_databases
@pytest.mark.usefixtures("staff")
def test_what_a_customer_leaves_is_handed_out_whole_and_gone_without_a_trace(
    client: TestClient, given: Callable[..., None], rasa: StandIn, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given(MUG)
    given(MUG, number=2)
    with session() as db:
        db.get(models.Customer, "cus_t001").name = PLANTED[1]
    Customer(client, "cus_t002").ask(f"{OTHERS},杯子碎了")
    customer = Customer(client, "cus_t001")
    customer.ask(f"杯子碎了,{SAID}")
    assert customer.upload(picture(), client_id=f"{PLANTED[0]}-1", text=SAID, kind="photo").status_code == 202
    customer.hear()
    customer.ask(f"转人工,{SAID}", client_id=f"{PLANTED[0]}-2")
    agent, case_id = Agent(client, "laochen"), str(customer.case()["case_id"])
    agent.does(case_id, "claim")
    agent.does(case_id, "note", text=f"顾客说:{SAID}")
    agent.does(case_id, "reply", text=f"{SAID},您好", client_id=f"{PLANTED[0]}-3")
    agent.does(case_id, "return-to-bot", note=SAID)
    agent.does(case_id, "claim")
    agent.does(case_id, "resolve", outcome=f"已致电{SAID}")
    assert client.post("/api/v1/rating", json={"stars": 1, "text": SAID}, headers=customer.headers).status_code == 204
    handed_out = heqi("privacy", "export", "cus_t001").stdout
    assert [word for word in PLANTED if word not in handed_out] == []
    assert not any(word in handed_out for word in (OTHERS, "cus_t002"))
    assert all(word in everything(place) for word in PLANTED)

    rasa.gate.clear()  # a message is in hand meanwhile
    customer.send(f"在吗,{SAID}")
    for _ in range(2):
        assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    rasa.gate.set()

    customer.ask("在吗")  # whoever was forgotten is answered again
    left = everything(place)
    assert [word for word in PLANTED if word in left] == []
    assert [word for word in (OTHERS, order_number(1, 1)) if word not in left] == []
    assert [word for word in PLANTED if word in caplog.text] == []
