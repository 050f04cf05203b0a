"""The product as `heqi run` keeps it alive: what hangs is started anew; Rasa and the action server know who asks."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bot import processes
from bot.load.product import Product
from bot.store import migration, models, snapshot
from bot.store.database import session
from tests.dialogues.shop import NOW, snapshot_of
from tests.dialogues.test_failure import TRUE_SENTENCE
from tests.promises.product import PATIENT, Customer

RASA, ACTIONS, WEB = "-m rasa run", "-m rasa_sdk", "-m uvicorn"
PROBE = {"sender": "probe-run", "message": "在吗", "metadata": {"probe": True, "recorded": True}}


class Served(msgspec.Struct):
    product: Product
    run: processes.Running

    def pids(self) -> dict[int, str]:
        """Of the processes that `heqi run` started, each with its command line."""
        pid = self.run.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return {int(child): Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").replace("\0", " ") for child in children}

    def pid(self, words: str) -> int | None:
        return next((pid for pid, line in self.pids().items() if words in line), None)

    def url(self, name: str, path: str) -> str:
        return f"http://127.0.0.1:{self.product.env[f'HEQI_{name}_PORT']}{path}"


def started(product: Product) -> processes.Running:
    ready = f"http://127.0.0.1:{product.port}/readyz"
    argv = (sys.executable, "-c", "from bot.command import main; main()", "run")
    return processes.Running(processes.Service("run", argv, ready, ready, PATIENT), product.log_dir, product.env)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("run")
    database_url = f"sqlite:///{place / 'heqi.db'}"
    migration.upgrade(database_url)
    with session(database_url) as db:
        for number in range(1, 7):
            snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, [{"goods": "lamp", "unit": 8800}]))), NOW)
    product = Product(database_url, place, {"HEQI_NOW": NOW.isoformat()})
    run = started(product)
    try:
        run.wait_ready()
        end = time.monotonic() + PATIENT
        while "就绪" not in run.log_path.read_text(encoding="utf-8"):  # until then it watches over nothing
            assert time.monotonic() < end and run.alive(), "heqi run did not say that it is ready"
            time.sleep(0.2)
        yield Served(product, run)
    finally:
        run.stop(60)


def lives(pid: int) -> bool:
    """Not gone, and not merely waiting to be taken note of."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def answered(url: str, token: str | None, body: dict[str, object] | None = None) -> int:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token is not None else {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode() if body else None, headers), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.timeout(600)
def test_who_does_not_know_the_token_of_this_run_gets_no_answer(served: Served) -> None:
    pid = served.pid(ACTIONS)
    environ = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8").split("\0")
    token = next(line for line in environ if line.startswith("HEQI_INNER_TOKEN=")).partition("=")[2]
    assert len(token) == 64 and token != served.product.env["HEQI_INNER_TOKEN"]
    for url, body in (
        (served.url("ACTIONS", "/webhook"), {"next_action": "action_listen"}), (served.url("ACTIONS", "/actions"), None),
        (served.url("RASA", "/webhooks/rest/webhook"), PROBE),
    ):
        assert [answered(url, wrong, body) for wrong in (None, "", "x" * 64, token[:-1])] == [401] * 4, url
    assert answered(served.url("ACTIONS", "/actions"), token) == 200
    assert answered(served.url("RASA", "/webhooks/rest/webhook"), token, PROBE) == 200
    # Rasa's own HTTP API (trackers, models) is not served at all.
    assert answered(served.url("RASA", "/conversations/c/tracker"), token) == 404
    assert not [line for line in served.pids().values() if token in line]
    assert not [log for log in (Path(served.product.log_dir)).iterdir() if token in log.read_text(encoding="utf-8", errors="replace")]


def wait_for_another(served: Served, words: str, hanging: int) -> None:
    """Returns when another process than the hanging one serves."""
    end = time.monotonic() + PATIENT
    while served.pid(words) in {hanging, None} or processes.status(served.run.service.health, 30) != 200:
        assert time.monotonic() < end, "nothing was started anew"
        time.sleep(0.2)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("words", "number"), [(RASA, 1), (ACTIONS, 3)])
def test_what_hangs_is_started_anew_and_the_customer_hears_the_truth(served: Served, words: str, number: int) -> None:
    hanging = served.pid(words)
    assert hanging is not None
    customer = Customer(served.product.port, f"cus_t{number:03d}")
    os.kill(hanging, signal.SIGSTOP)
    assert any(TRUE_SENTENCE in said for said in customer.ask("1", "台灯坏了 怎么办"))
    with session(served.product.env["HEQI_DATABASE_URL"], read_only=True) as db:
        row = db.get(models.Conversation, customer.conversation_id)
        assert row is not None and row.owner == "queue"
    wait_for_another(served, words, hanging)
    other = Customer(served.product.port, f"cus_t{number + 1:03d}")
    assert TRUE_SENTENCE not in "".join(other.ask("1", "退货运费谁出"))


@pytest.mark.timeout(900)
def test_what_a_web_accepted_before_it_hung_is_answered_once(served: Served) -> None:
    hanging = served.pid(WEB)
    assert hanging is not None
    customer = Customer(served.product.port, "cus_t005")
    sent = {"client_id": "1", "text": "退货运费谁出"}
    customer.call("POST", "/api/v1/messages", sent)
    os.kill(hanging, signal.SIGSTOP)  # the burst is still open: nobody was asked for an answer yet
    wait_for_another(served, WEB, hanging)
    customer.call("POST", "/api/v1/messages", sent)  # as a page does that was never told
    customer.ask("2", "谢谢")
    listed = customer.call("GET", "/api/v1/messages?after=0&wait=0")["messages"]
    assert [message["text"] for message in listed if message["from"] == "customer"] == ["退货运费谁出", "谢谢"]
    assert [message["from"] for message in listed if "来回运费我们出" in message["text"]] == ["bot"]
    assert TRUE_SENTENCE not in "".join(message["text"] for message in listed)


@pytest.mark.timeout(900)
def test_what_was_accepted_before_the_end_is_answered_before_it(served: Served) -> None:
    """An upgrade is no fault: it sends nobody to a person. The last test of this file: it ends the product."""
    customer = Customer(served.product.port, "cus_t006")
    customer.call("POST", "/api/v1/messages", {"client_id": "1", "text": "退货运费谁出"})
    served.run.process.send_signal(signal.SIGTERM)  # the burst is still open
    served.run.process.wait(60)
    with session(served.product.env["HEQI_DATABASE_URL"], read_only=True) as db:
        row = db.get(models.Conversation, customer.conversation_id)
        said = [message.text for message in db.query(models.Message).filter_by(conversation_id=customer.conversation_id, sender="bot")]
    assert row is not None and row.owner == "bot"
    assert any("来回运费我们出" in text for text in said) and TRUE_SENTENCE not in "".join(said)


@pytest.mark.timeout(600)
def test_who_kills_heqi_run_kills_what_it_started(tmp_path: Path) -> None:
    """Left alone they would serve on with nobody to start them anew, and hold the ports against the next start."""
    database_url = f"sqlite:///{tmp_path / 'heqi.db'}"
    migration.upgrade(database_url)
    product = Product(database_url, tmp_path)
    for _ in range(2):
        run = started(product)
        killed = Served(product, run)
        end = time.monotonic() + PATIENT
        while len(killed.pids()) < 2:
            assert time.monotonic() < end and run.alive(), run.log_path.read_text(encoding="utf-8")
            time.sleep(0.1)
        left = list(killed.pids())
        run.kill()
        while any(map(lives, left)):
            assert time.monotonic() < end, "a process outlived heqi run"
            time.sleep(0.1)
