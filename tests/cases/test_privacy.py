"""People's data: handed out whole, taken away on request, and gone by itself when its time is over."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from bot.cases import inbox, privacy, unanswered
from bot.command import main
from bot.command.privacy import forget
from bot.ledger import ledger
from bot.store import models
from bot.store.conversation import append, conversation_turn
from bot.store.database import session
from bot.store.platform import DemoShop
from bot.web import evidence_store
from bot.web.media import Media
from tests.dialogues.shop import NOW, order_number

LAMP = {"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 7, "delivered": 2}
SAID = "我叫王小明,电话13812345678,地址浙江省杭州市西湖区文三路 88 号 2 栋 301"
PHONE = "13812345678"
PRIVATE = ("王小明", PHONE, "文三路", "测试顾客")


def heqi(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def talk(number: int, picture: bytes, *, reason: str | None = None, state: str = "settled") -> str:
    """A finished case with talk, a picture, money paid; returns its conversation."""
    customer, conversation_id, order = f"cus_t{number:03d}", f"talk{number}", order_number(number, 1)
    upload_id = evidence_store.new_id()
    sha256 = evidence_store.keep(upload_id, picture, Media("image/jpeg", picture, "image/jpeg"))
    with session() as db, conversation_turn(db, conversation_id, customer_id=customer, at=NOW) as row:
        db.add(models.Case(
            case_id=f"case{number}", conversation_id=conversation_id, customer_id=customer, order_id=order, line_id=f"{order}-1",
            wish="refund", state="open", facts={"promised": SAID}, human_reason=reason, floor_fen=0, cap_fen=5000,
            opened_at=NOW, updated_at=NOW,
        ))
        db.flush()
        append(db, row, "customer", f"{SAID},订单{order}", NOW, card={"kind": "file", "upload_id": upload_id})
        append(db, row, "agent", "测试顾客您好", NOW, author=None)
        db.add(models.Upload(
            upload_id=upload_id, conversation_id=conversation_id, case_id=f"case{number}", kind="photo", media_type="image/jpeg",
            sha256=sha256, size=len(picture), at=NOW,
        ))
        db.add(models.Evidence(evidence_id=f"evi{number}", case_id=f"case{number}", kind="photo", sha256=sha256, at=NOW, path=upload_id))
        db.add(models.Understanding(event_id=f"heard{number}", conversation_id=conversation_id, at=NOW, intent="refund", confidence=0.5))
        db.add(models.AuditEntry(at=NOW, who="xiaoli", what="note", case_id=f"case{number}", detail={"text": SAID}))
        db.add(models.AuditEntry(
            at=NOW, who="customer", what="rating", case_id=f"case{number}", detail={"stars": 2, "text": f"等太久,{SAID}", "agent": "xiaoli"},
        ))
        db.flush()
        case = db.get(models.Case, f"case{number}")
        entry = ledger.promise(db, case, cause="x", remedy="refund_part", fen=1000, at=NOW)
        ledger.accept(db, entry, NOW)
        ledger.pay(db, entry, DemoShop(db), NOW)
        case.state = state
    return conversation_id


def everything() -> str:
    """Every row of the database as text."""
    with session(read_only=True) as db:
        tables = models.Record.metadata.sorted_tables
        return json.dumps([[list(map(str, row)) for row in db.execute(select(table))] for table in tables], ensure_ascii=False)


def files() -> set[bytes]:
    return {path.read_bytes() for path in evidence_store.folder().glob("*/*/*")}


def test_an_export_holds_what_the_customer_said_sent_and_got(given: Callable[..., str], tmp_path: Path) -> None:
    given(LAMP)
    talk(1, b"picture")
    found = json.loads(heqi("privacy", "export", "cus_t001").stdout)
    assert SAID in found["conversations"][0]["messages"][0]["text"]
    assert [row["intent"] for row in found["conversations"][0]["understandings"]] == ["refund"]
    assert [row["fen"] for row in found["cases"][0]["ledger"]] == [1000]
    assert [(row["stars"], row["text"]) for row in found["cases"][0]["ratings"]] == [(2, f"等太久,{SAID}")]
    assert len(found["orders"][0]["lines"]) == 1
    assert "cap_fen" not in json.dumps(found)
    assert heqi("privacy", "export", "cus_t001", "--zip", str(tmp_path / "o.zip")).exit_code == 0
    with zipfile.ZipFile(tmp_path / "o.zip") as pack:
        assert pack.read(f"files/{hashlib.sha256(b'picture').hexdigest()}") == b"picture"
    assert heqi("privacy", "export", "cus_none").exit_code == 1


def test_an_erasure_leaves_the_money_and_nobody_to_be_recognised(given: Callable[..., str]) -> None:
    given(LAMP)
    given(LAMP, number=2)
    talk(1, b"mine")
    talk(2, b"another's")
    with session() as db:  # what stays belongs to another person
        db.get(models.Customer, "cus_t002").name = "别人"
    before = everything()
    assert all(word in before for word in PRIVATE)
    done = heqi("privacy", "erase", "cus_t001", "--yes")
    assert done.exit_code == 0, done.output
    with session() as db:
        privacy.hide_in_cases(db, ["case2"], None)
        db.execute(text("DELETE FROM messages WHERE conversation_id = 'talk2'"))
    assert [word for word in PRIVATE if word in everything()] == []
    assert files() == {b"another's"}
    with session(read_only=True) as db:
        assert list(db.scalars(select(models.Understanding.conversation_id))) == ["talk2"]
        assert [row["state"] for row in ledger.rows(db, "case1")] == ["paid"]
        assert db.get(models.Order, order_number(1, 1)).customer_id == "cus_t001"
        assert db.get(models.Evidence, "evi1").sha256 == hashlib.sha256(b"mine").hexdigest()
        trail = db.scalars(select(models.AuditEntry).where(models.AuditEntry.what == "privacy_erase")).one()
        assert trail.detail == {"customer_id": "cus_t001", "messages": 2, "masked": 0, "pictures": 1}
    with pytest.raises(IntegrityError, match="append-only"), session() as db:
        db.execute(text("DELETE FROM audit_entries"))


def test_disputed_talk_is_kept_without_the_person(given: Callable[..., str]) -> None:
    given(LAMP)
    talk(1, b"mine", reason="dispute")
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    with session(read_only=True) as db:
        said = [message.text for message in db.scalars(select(models.Message).order_by(models.Message.seq))]
    assert said[0].startswith("我叫[姓名],电话[电话],地址[地址]")
    assert order_number(1, 1) in said[0]
    assert said[1] == "[姓名]您好"
    assert [word for word in PRIVATE if word in everything()] == []
    assert files() == set()


@pytest.mark.parametrize("state", ["open", "with_person", "awaiting_return"])
def test_who_is_still_owed_an_answer_is_not_forgotten(given: Callable[..., str], state: str) -> None:
    given(LAMP)
    talk(1, b"mine", state=state)
    before = everything()
    refused = heqi("privacy", "erase", "cus_t001", "--yes")
    assert (refused.exit_code, "case1" in refused.stderr) == (1, True)
    assert (everything(), files()) == (before, {b"mine"})


def test_an_erased_customer_can_begin_anew(given: Callable[..., str]) -> None:
    given(LAMP)
    conversation_id = talk(1, b"mine")
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    assert inbox.unanswered() == []
    assert inbox.open_conversation("cus_t001", NOW) == (conversation_id, True)
    assert inbox.receive(conversation_id, "cus_t001", "new", NOW, text="在吗") == 3
    assert inbox.waiting(conversation_id).said == "在吗"


def cleaned(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """`heqi privacy clean` so many days later; its last part goes by the files' own age."""
    monkeypatch.setenv("HEQI_NOW", (NOW + timedelta(days=days)).isoformat())
    done = heqi("privacy", "clean")
    assert done.exit_code == 0, done.output


def messages_left() -> dict[str, int]:
    with session(read_only=True) as db:
        rows: list[Any] = list(db.scalars(select(models.Message.conversation_id)))
    return {name: rows.count(name) for name in set(rows)}


def test_what_is_old_goes_by_itself(given: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        given(LAMP, number=number)
    talk(1, b"settled")
    talk(2, b"disputed", reason="complaint")
    talk(3, b"undecided", state="with_person")
    cleaned(monkeypatch, 179)
    assert files() == {b"settled", b"disputed", b"undecided"}
    cleaned(monkeypatch, 181)
    assert files() == {b"disputed", b"undecided"}
    assert messages_left() == {"talk1": 2, "talk2": 2, "talk3": 2}
    cleaned(monkeypatch, 3 * 365 + 2)
    assert files() == {b"undecided"}
    assert messages_left() == {"talk3": 2}
    assert "heard3" in everything() and "heard2" not in everything()
    assert everything().count("13812345678") == 4  # of case 3: its message, its facts, its note, its rating


def test_the_same_picture_of_two_customers_is_kept_for_the_other(given: Callable[..., str]) -> None:
    for number in (1, 2):
        given(LAMP, number=number)
        talk(number, b"the same")
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    original = evidence_store.original_path(hashlib.sha256(b"the same").hexdigest())
    assert original.read_bytes() == b"the same"
    assert heqi("privacy", "erase", "cus_t002", "--yes").exit_code == 0
    assert files() == set()


def test_an_original_that_somebody_sent_again_meanwhile_stays(given: Callable[..., str]) -> None:
    given(LAMP)
    given(LAMP, number=2)
    talk(1, b"the same")
    with session() as db:
        removed = privacy.erase(db, "cus_t001", NOW)
    talk(2, b"the same")
    forget(removed)
    assert evidence_store.original_path(hashlib.sha256(b"the same").hexdigest()).read_bytes() == b"the same"


def test_files_that_nobody_owns_go_once_they_are_a_day_old(given: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    evidence_store.keep(evidence_store.new_id(), b"old", Media("image/jpeg", b"old", "image/jpeg"))
    for path in evidence_store.folder().glob("*/*/*"):
        os.utime(path, (0, 0))
    evidence_store.keep(evidence_store.new_id(), b"just written", Media("image/jpeg", b"just written", "image/jpeg"))
    cleaned(monkeypatch, 0)
    assert files() == {b"just written"}


def ended_by_a_person(number: int, said: str) -> None:
    """The case of `talk` as an agent ended it in own words, with all that the desk and the page wrote beside it."""
    with session() as db, conversation_turn(db, f"talk{number}", customer_id=None, at=NOW) as row:
        append(db, row, "customer", "在吗", NOW, client_id=f"{PHONE}-1")
        append(db, row, "system", f"这件事已办结：{said}", NOW, card={"kind": "resolved", "case_id": f"case{number}", "outcome": said})
        for what, detail in (("note", {"text": said}), ("return_to_bot", {"note": said}), ("resolve", {"outcome": said, "still_owed_fen": 0})):
            db.add(models.AuditEntry(at=NOW, who="xiaoli", what=what, case_id=f"case{number}", detail=detail))


def test_how_an_agent_ended_a_dispute_and_what_the_page_called_a_message_tell_of_nobody(given: Callable[..., str]) -> None:
    given(LAMP)
    talk(1, b"mine", reason="dispute")
    ended_by_a_person(1, f"已致电测试顾客,{SAID}")
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    assert [word for word in PRIVATE if word in everything()] == []
    assert "已致电[姓名]" in everything()  # the dispute itself is kept


def test_words_quoted_about_a_matter_nobody_disputes_go_with_the_talk(given: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        given(LAMP, number=number)
        talk(number, b"mine")
        ended_by_a_person(number, "顾客说蓝鲸七号")
    with session() as db:
        db.add(models.AuditEntry(at=NOW, who="xiaoli", what="resolve", case_id="case1", detail={"outcome": "settled", "still_owed_fen": 0}))
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    with session(read_only=True) as db:
        trail = db.scalars(select(models.AuditEntry).where(models.AuditEntry.case_id == "case1").order_by(models.AuditEntry.audit_id)).all()
    assert "蓝鲸七号" not in str([entry.detail for entry in trail])
    assert [(entry.detail["stars"], entry.detail["text"]) for entry in trail if entry.what == "rating"] == [(2, "[已删除]")]
    assert [entry.detail["outcome"] for entry in trail if entry.what == "resolve"] == ["[已删除]", "settled"]
    assert "蓝鲸七号" in everything()  # the other's
    cleaned(monkeypatch, 3 * 365 + 2)
    assert "蓝鲸七号" not in everything()


def test_what_nobody_could_answer_yet_is_handed_out_then_owed_then_gone(given: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(LAMP)
    talk(1, b"mine")
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    unanswered.note("talk1", None, SAID)
    for name in ("torn.unreadable", "torn.partial"):
        (unanswered.folder() / name).write_text(f'{{"conversation_id":"talk1","customer_id":"cus_t001","text":"{SAID}', encoding="utf-8")
    (unanswered.folder() / "other.unreadable").write_text('{"conversation_id":"talk11","text":"别人', encoding="utf-8")
    assert [row["text"] for row in json.loads(heqi("privacy", "export", "cus_t001").stdout)["unanswered"]] == [SAID]
    refused = heqi("privacy", "erase", "cus_t001", "--yes")
    with session() as db:
        owed = db.scalars(select(models.Case).where(models.Case.state == "with_person")).one()
        assert (refused.exit_code, owed.case_id in refused.stderr) == (1, True)
        owed.state = "closed"
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    assert [path.name for path in unanswered.folder().iterdir()] == ["other.unreadable"]
    assert [word for word in PRIVATE if word in everything()] == []


@pytest.mark.parametrize("name", ["refund", "1", "退"])
def test_a_nickname_that_is_a_word_of_ours_spoils_no_record(given: Callable[..., str], name: str) -> None:
    given(LAMP)
    talk(1, b"mine", reason="dispute")
    judged = {"case": {"wish": "refund", "order_id": order_number(1, 1)}, "result": {"decision": "refund", "floor_fen": 1000}, "policy_version": "p-1"}
    with session() as db:
        db.get(models.Customer, "cus_t001").name = name
        db.add(models.AuditEntry(at=NOW, who="bot", what="assess", case_id="case1", detail=judged))
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    with session(read_only=True) as db:
        assert db.scalars(select(models.AuditEntry.detail).where(models.AuditEntry.what == "assess")).one() == judged
        said = db.scalars(select(models.Message.text).order_by(models.Message.seq)).first()
    assert order_number(1, 1) in said


def test_what_was_taken_away_leaves_no_bytes_in_sqlites_files(given: Callable[..., str], database_url: str) -> None:
    given(LAMP)
    talk(1, b"mine")
    assert heqi("privacy", "erase", "cus_t001", "--yes").exit_code == 0
    path = make_url(database_url).database if database_url.startswith("sqlite") else None
    bytes_left = b"".join(file.read_bytes() for file in Path(path).parent.glob("*.db*")) if path else b""
    assert [word for word in PRIVATE if word.encode() in bytes_left] == []
