"""Whole conversations against real processes: what is said, and what stands in the database at the end.

The conversations are data (`conversations/*.yml`): `given` orders (shop.py says how) and `others` of another
customer, `turns` with what the customer does (`say` text, `press` a button by a part of its label, or what
happens meanwhile: `courier: returned`) and what must be heard (`hear`: each must be in the answer, a list
inside it is any of; `never`: none may be), and the `end` state. {order:1} and {other:1} stand for order
numbers. In every conversation the bot introduces itself first, no sentence may break rules.md section 5, no
bubble is said twice, and nothing of another customer's order is said.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from bot.aftersales.speech import forbidden
from bot.ledger import ledger
from bot.store import models, snapshot
from bot.store.database import session

from .shop import NOW, order_number, snapshot_of

OTHER = 500
"""Added to a conversation's number: the other customer's."""

FILES = sorted(Path(__file__).with_name("conversations").glob("*.yml"))
CONVERSATIONS = [(file.stem, entry) for file in FILES for entry in yaml.safe_load(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    ("number", "entry"), [(number, entry) for number, (_, entry) in enumerate(CONVERSATIONS, 1)],
    ids=[f"{stem}:{entry['name']}" for stem, entry in CONVERSATIONS],
)
def test_conversation(product: Any, number: int, entry: dict[str, Any]) -> None:
    with session(product.database_url) as db:
        snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, entry.get("given", [])))), NOW)
        if "others" in entry:
            snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number + OTHER, entry["others"]))), NOW)
    conversation, customer = f"talk_{number:03d}", f"cus_t{number:03d}"
    transcript: list[str] = []
    heard: list[dict[str, Any]] = []
    bubbles: list[str] = []
    for turn in entry["turns"]:
        if "courier" in turn:
            goods_come_back(product.database_url, number)
            continue
        message = pressed(turn["press"], heard, transcript) if "press" in turn else with_numbers(turn["say"], number)
        heard = product.talk.send(conversation, customer, message)
        words = "\n".join(answer.get("text", "") for answer in heard)
        said_before = [answer["text"] for answer in heard if answer.get("text") in bubbles]
        bubbles += [answer["text"] for answer in heard if answer.get("text")]
        transcript += [f"顾客: {turn.get('say') or '[' + turn['press'] + ']'}", f"机器人: {words}"]
        story = "\n".join(transcript)
        assert words or turn.get("silent"), f"nobody answered\n{story}"
        for wanted in turn.get("hear", []):
            any_of = wanted if isinstance(wanted, list) else [wanted]
            assert any(str(one) in words for one in any_of), f"not heard: {wanted}\n{story}"
        for unwanted in turn.get("never", []):
            assert str(unwanted) not in words, f"must not be said: {unwanted}\n{story}"
        assert not forbidden(words), f"rules.md 5 {forbidden(words)}\n{story}"
        assert not said_before, f"said twice: {said_before}\n{story}"
    assert "智能客服" in bubbles[0], f"the bot did not say what it is\n{bubbles[0]}"
    check_end(product.database_url, conversation, entry.get("end", {}), "\n".join(transcript))


def with_numbers(text: str, number: int) -> str:
    """The text with the order numbers that {order:N} and {other:N} stand for."""
    text = re.sub(r"\{order:(\d+)\}", lambda found: order_number(number, int(found[1])), text)
    return re.sub(r"\{other:(\d+)\}", lambda found: order_number(number + OTHER, int(found[1])), text)


def goods_come_back(url: str, number: int) -> None:
    """The courier brings the goods of the customer's first order back to the shop."""
    order_id = order_number(number, 1)
    with session(url) as db:
        ledger.goods_returned(db, order_id, f"{order_id}-1", NOW)


def pressed(label: str, heard: list[dict[str, Any]], transcript: list[str]) -> str:
    """The payload of the button whose label holds these words."""
    buttons = [button for answer in heard for button in answer.get("buttons", [])]
    for button in buttons:
        if label in button["title"]:
            return str(button["payload"])
    raise AssertionError(f"no button 「{label}」 among {[button['title'] for button in buttons]}\n" + "\n".join(transcript))


def check_end(url: str, conversation_id: str, end: dict[str, Any], story: str) -> None:
    with session(url, read_only=True) as db:
        conversation = db.get(models.Conversation, conversation_id)
        assert conversation is not None
        rows = db.scalars(select(models.Case).where(models.Case.conversation_id == conversation_id)).all()
        entries = [entry for row in rows for entry in ledger.entries_of_case(db, row.case_id) if entry.state != "cancelled"]
        messages = db.scalars(select(models.Message).where(models.Message.conversation_id == conversation_id)).all()
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1)), "the timeline has a gap"
    if "owner" in end:
        assert conversation.owner in ([end["owner"]] if isinstance(end["owner"], str) else end["owner"]), story
    if "cases" in end:
        assert len(rows) == end["cases"], story
    if "case" in end:
        wanted = dict(end["case"])
        issues = set(wanted.pop("issues", []))
        fitting = [
            row for row in rows
            if issues <= set(row.issues) and all(getattr(row, name) in (value if isinstance(value, list) else [value]) for name, value in wanted.items())
        ]
        seen = [(row.wish, row.issues, row.state, row.human_reason) for row in rows]
        assert fitting, f"no case like {end['case']} among {seen}\n{story}"
        if wanted.get("state") == "with_person":
            summary = fitting[0].summary
            assert summary is not None
            assert {"wish", "issues", "owed", "offers", "mood", "missing_evidence", "left_under_cap_fen"} <= set(summary)
    if "ledger" in end:
        stands = sorted(((entry.remedy, entry.fen, entry.state) for entry in entries), key=str)
        wanted_rows = sorted(((row["remedy"], row.get("fen", 0), row["state"]) for row in end["ledger"]), key=str)
        assert stands == wanted_rows, story
    if "paid_at_most" in end:
        assert sum(entry.fen for entry in entries) <= end["paid_at_most"], story
    if "paid_at_least" in end:
        assert sum(entry.fen for entry in entries) >= end["paid_at_least"], story
