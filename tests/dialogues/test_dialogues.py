"""Whole conversations against real processes: what is said, and what stands in the database at the end.

The conversations are data (`conversations/*.yml`): `given` orders (shop.py says how), `turns` with what
the customer does (`say` text, or `press` a button by a part of its label) and what must be heard
(`hear`: each must be in the answer, a list inside it is any of; `never`: none may be), and the `end`
state. In every conversation, no sentence may break rules.md section 5.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from bot.aftersales.speech import forbidden
from bot.ledger import ledger
from bot.store import models, snapshot
from bot.store.database import session

from .shop import NOW, snapshot_of

FILES = sorted(Path(__file__).with_name("conversations").glob("*.yml"))
CONVERSATIONS = [(file.stem, entry) for file in FILES for entry in yaml.safe_load(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    ("number", "entry"), [(number, entry) for number, (_, entry) in enumerate(CONVERSATIONS, 1)],
    ids=[f"{stem}:{entry['name']}" for stem, entry in CONVERSATIONS],
)
def test_conversation(product: Any, number: int, entry: dict[str, Any]) -> None:
    with session(product.database_url) as db:
        snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, entry.get("given", [])))), NOW)
    conversation, customer = f"talk_{number:03d}", f"cus_t{number:03d}"
    transcript: list[str] = []
    heard: list[dict[str, Any]] = []
    for turn in entry["turns"]:
        message = pressed(turn["press"], heard, transcript) if "press" in turn else turn["say"]
        heard = product.talk.send(conversation, customer, message)
        words = "\n".join(answer.get("text", "") for answer in heard)
        transcript += [f"顾客: {turn.get('say') or '[' + turn['press'] + ']'}", f"机器人: {words}"]
        story = "\n".join(transcript)
        assert words or turn.get("silent"), f"nobody answered\n{story}"
        for wanted in turn.get("hear", []):
            any_of = wanted if isinstance(wanted, list) else [wanted]
            assert any(str(one) in words for one in any_of), f"not heard: {wanted}\n{story}"
        for unwanted in turn.get("never", []):
            assert str(unwanted) not in words, f"must not be said: {unwanted}\n{story}"
        assert not forbidden(words), f"rules.md 5 {forbidden(words)}\n{story}"
    check_end(product.database_url, conversation, entry.get("end", {}), "\n".join(transcript))


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
        assert conversation.owner == end["owner"], story
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
            assert summary is not None and {"wish", "issues", "owed", "offers", "mood", "missing_evidence", "left_under_cap_fen"} <= set(summary)
    if "ledger" in end:
        stands = sorted(((entry.remedy, entry.fen, entry.state) for entry in entries), key=str)
        wanted_rows = sorted(((row["remedy"], row.get("fen", 0), row["state"]) for row in end["ledger"]), key=str)
        assert stands == wanted_rows, story
    if "paid_at_most" in end:
        assert sum(entry.fen for entry in entries) <= end["paid_at_most"], story
    if "paid_at_least" in end:
        assert sum(entry.fen for entry in entries) >= end["paid_at_least"], story
