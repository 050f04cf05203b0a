"""Nothing accepted is lost: action server, Rasa and web killed with -9 at random moments, under whole conversations."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.cases import inbox
from bot.cases.words import say
from bot.store import models, snapshot
from bot.store.database import session
from tests.dialogues.shop import NOW, order_number, snapshot_of
from tests.promises.product import Customer, Killable
from tests.promises.scale import FULL, scaled
from tests.web.conftest import DROPPED, LAMP, MUG

CONVERSATIONS = scaled(16, int(os.environ.get("HEQI_PROMISES_CONVERSATIONS", "200")))
AT_ONCE = scaled(4, 12)
SAYINGS = ("手机降价了,把差价退给我", "什么时候到账", "谢谢")
BETWEEN_KILLS = (1.0, 6.0)
"""Seconds, evenly."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.skipif(not FULL, reason="minutes long: make promises"))], indirect=True
)
def test_killed_at_any_moment_every_message_is_answered_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    with session() as db:
        for number in range(1, CONVERSATIONS + 1):
            snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, [DROPPED]))), NOW)
    chance = random.Random(9)
    product = Killable(database_url, tmp_path)
    over = threading.Event()
    killed: Counter[str] = Counter()
    each_once = threading.Event()

    def talk(number: int) -> str:
        customer = Customer(product.port, f"cus_t{number:03d}")
        for turn, text in enumerate(SAYINGS):
            if (number, turn) == (CONVERSATIONS, len(SAYINGS) - 1):
                # On a fast machine all would be said before the third kill: the last word waits for it.
                each_once.wait(60)
            customer.ask(f"{number}-{turn}", text)
        return customer.conversation_id

    def hunt() -> None:
        while not over.wait(chance.uniform(*BETWEEN_KILLS)):
            # Rasa takes longest to come back: killed as often as the others, it would be gone all the time.
            name = chance.choice(("web", "web", "actions", "actions", "actions", "rasa")) if len(killed) == 3 else ("rasa", "actions", "web")[len(killed)]
            product.kill(name)
            killed[name] += 1
            if len(killed) == 3:
                each_once.set()

    try:
        product.start()
        hunter = threading.Thread(target=hunt)
        hunter.start()
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                conversations = list(pool.map(talk, range(1, CONVERSATIONS + 1)))
        finally:
            over.set()
            hunter.join()
        end = time.monotonic() + 120
        while inbox.silence(NOW)[0] and time.monotonic() < end:
            time.sleep(0.2)
        assert inbox.silence(NOW)[0] == 0
    finally:
        product.stop()
    assert all(killed[name] for name in ("web", "actions", "rasa")), killed
    faults = [fault for conversation_id in conversations for fault in faults_of(conversation_id)]
    assert faults == []
    with session(read_only=True) as db:
        paid = Counter(db.scalars(select(models.Payout.order_id)))
        fen = set(db.scalars(select(models.Payout.fen)))
        waiting = set(db.scalars(select(models.Case.customer_id).where(models.Case.state == "with_person")))
    assert fen <= {50000}
    assert max(paid.values()) == 1
    # Who was not paid by the bot waits for a person: nobody is forgotten.
    unpaid = {f"cus_t{number:03d}" for number in range(1, CONVERSATIONS + 1) if order_number(number, 1) not in paid}
    assert unpaid <= waiting
    print(f"{len(conversations)} conversations, killed {dict(killed)}, paid {len(paid)}, with a person {len(unpaid)}")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_asked_is_remembered_though_every_process_was_killed_since(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    with session() as db:
        snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(1, [MUG, LAMP, DROPPED]))), NOW)
    product = Killable(database_url, tmp_path)
    try:
        product.start()
        customer = Customer(product.port, "cus_t001")
        customer.ask("1", "我要退货")
        for name in product.services:
            product.kill(name)
        for started in product.running.values():
            started.wait_ready()
        # Which goods, it was asked. Without a memory this is a word without a wish.
        customer.ask("2", "台灯")
        customer.ask("3", "手机降价了,把差价退给我")
    finally:
        product.stop()
    with session(read_only=True) as db:
        rows = db.scalars(select(models.Case).order_by(models.Case.opened_at)).all()
        paid = db.scalars(select(models.Payout.key)).all()
    assert [(row.wish, row.order_id) for row in rows] == [("return_goods", order_number(1, 2)), ("price_protection", order_number(1, 3))]
    # One message can be followed through the processes' logs by one id: from the browser's call to the ledger's entry.
    accepted, turn = logged(product, "web", "accepted")[-1], logged(product, "web", "turn")[-1]
    answered, entry = logged(product, "actions", "answered")[-1], logged(product, "actions", "ledger")[-1]
    assert accepted["call"] and {line["call"] for line in (accepted, turn, answered, entry)} == {accepted["call"]}
    assert (accepted["conversation"], accepted["seq"]) == (answered["conversation"], answered["seq"])
    assert answered["case"] == entry["case"] == rows[1].case_id
    assert (entry["step"], [entry["entry"]]) == ("confirmed", paid)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_offer_accepted_in_two_browsers_while_its_processes_die_is_kept_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    with session() as db:
        snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(1, [LAMP]))), NOW)
    product = Killable(database_url, tmp_path)
    try:
        product.start()
        browsers = [Customer(product.port, "cus_t001") for _ in range(2)]
        assert browsers[0].conversation_id == browsers[1].conversation_id
        browsers[0].ask("1", "台灯不想要了,退货")
        messages = browsers[1].call("GET", "/api/v1/messages?after=0")["messages"]
        choice = next(choice["id"] for message in messages for choice in message["choices"] if ".option:" in choice["id"])
        with ThreadPoolExecutor(8) as pool:
            pressed = [
                pool.submit(browsers[number % 2].call, "POST", "/api/v1/messages", {"client_id": f"p{number}", "choice": choice})
                for number in range(8)
            ]
            for name in ("actions", "web"):
                product.kill(name)
            for each in pressed:
                each.result()
        browsers[0].ask("2", "谢谢")
    finally:
        product.stop()
    with session(read_only=True) as db:
        kept = [(row.remedy, row.fen, row.attempt) for row in db.scalars(select(models.LedgerEntry))]
        accepted = db.scalars(select(models.LedgerStep.entry_id).where(models.LedgerStep.kind == "accepted")).all()
    assert len(accepted) == len(set(accepted)) == len(kept) == len({remedy for remedy, _, _ in kept}) > 0, kept


def logged(product: Killable, process: str, message: str) -> list[dict[str, Any]]:
    lines = (product.log_dir / f"{process}.log").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in told if line["message"] == message]


def faults_of(conversation_id: str) -> list[str]:
    """What in a finished timeline was lost, doubled or said beside an answer."""
    with session(read_only=True) as db:
        messages = db.scalars(
            select(models.Message).where(models.Message.conversation_id == conversation_id).order_by(models.Message.seq)
        ).all()
    return faults_in(conversation_id, [(message.seq, message.sender, message.text) for message in messages])


def faults_in(conversation_id: str, messages: Sequence[tuple[int, str, str]]) -> list[str]:
    """The same of a timeline's (seq, sender, text)."""
    faults = []
    spoken = [text for _, sender, text in messages if sender == "customer"]
    if spoken != list(SAYINGS):
        faults.append(f"{conversation_id}: the customer's words are {spoken}")
    if [seq for seq, _, _ in messages] != list(range(1, len(messages) + 1)):
        faults.append(f"{conversation_id}: the numbers have a gap")
    answers: list[list[str]] = []
    for _, sender, text in messages:
        if sender == "customer":
            answers.append([])
        elif sender == "bot" and answers:
            answers[-1].append(text)
    for text, answer in zip(spoken, answers, strict=True):
        if not answer or len(set(answer)) != len(answer) or (say("trouble") in answer and len(answer) > 1):
            faults.append(f"{conversation_id}: {text!r} was answered by {answer}")
    return faults
