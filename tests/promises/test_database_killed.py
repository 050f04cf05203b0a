"""Nothing accepted is lost: PostgreSQL itself, with every process of its, killed with -9 under whole conversations."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from bot.cases import inbox
from bot.load.product import free_port
from bot.store import migration, models, snapshot
from bot.store.database import engine, session
from tests.dialogues.shop import NOW, snapshot_of
from tests.promises.product import PATIENT, Customer, Killable
from tests.promises.scale import scaled
from tests.promises.test_kill import SAYINGS, faults_of
from tests.web.conftest import DROPPED

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None) or Path(shutil.which("initdb") or "").parent
CONVERSATIONS = scaled(6, 60)
AT_ONCE = 6
KILLS = scaled(3, 20)


class Server:
    """A PostgreSQL of this test alone. It does not run as root, so its files are another user's there."""

    def __init__(self, place: Path) -> None:
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(place, self.user)
        self.place, self.port = place, free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        subprocess.run([PROGRAMS / "initdb", "-D", place / "data", "-A", "trust", "-U", "postgres"], check=True, capture_output=True, cwd=place, user=self.user)
        self.start()

    def start(self) -> None:
        """Returns once it answers; what the dead one left in the way goes by itself."""
        end = time.monotonic() + PATIENT
        self.process = self.launched()
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.process = self.launched()
            try:
                with create_engine(self.url).connect() as connection:
                    connection.execute(text("SELECT 1"))
                    return
            except OperationalError:
                time.sleep(0.1)
        raise AssertionError("PostgreSQL did not start")

    def launched(self) -> subprocess.Popen[bytes]:
        argv = [str(PROGRAMS / "postgres"), "-D", str(self.place / "data"), "-p", str(self.port), "-k", str(self.place)]
        return subprocess.Popen(argv, cwd=self.place, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for each in (pid, *map(int, children)):
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


@pytest.fixture
def server() -> Iterator[Server]:
    if not (PROGRAMS / "initdb").exists():
        pytest.skip("no PostgreSQL programs on this machine")
    place = Path(tempfile.mkdtemp(prefix="heqi-pg-"))
    made = Server(place)
    yield made
    engine(made.url).dispose()
    made.kill()
    shutil.rmtree(place)


@pytest.mark.timeout(1800)
def test_the_database_killed_at_any_moment_loses_no_message_and_pays_nothing_twice(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", server.url)
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    migration.upgrade()
    with session() as db:
        for number in range(1, CONVERSATIONS + 1):
            snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, [DROPPED]))), NOW)
    chance = random.Random(11)
    product = Killable(server.url, tmp_path)
    often_enough = threading.Event()

    def talk(number: int) -> str:
        customer = Customer(product.port, f"cus_t{number:03d}")
        for turn, words in enumerate(SAYINGS):
            if (number, turn) == (CONVERSATIONS, len(SAYINGS) - 1):
                often_enough.wait(PATIENT)
            customer.ask(f"{number}-{turn}", words)
        return customer.conversation_id

    def hunt() -> None:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.5))
            server.kill()
            server.start()
        often_enough.set()

    try:
        product.start()
        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            hunter = pool.submit(hunt)
            conversations = list(pool.map(talk, range(1, CONVERSATIONS + 1)))
            hunter.result()
    finally:
        product.stop()
    assert inbox.silence(NOW)[0] == 0
    assert [fault for conversation_id in conversations for fault in faults_of(conversation_id)] == []
    with session(read_only=True) as db:
        paid = Counter(db.scalars(select(models.Payout.order_id)))
        waiting = db.scalars(select(models.Case.customer_id).where(models.Case.state == "with_person")).all()
    assert set(paid.values()) == {1}
    # Who was told of a fault instead waits for a person.
    assert len(paid) + len(set(waiting)) >= CONVERSATIONS
    print(f"{CONVERSATIONS} conversations, PostgreSQL killed {KILLS} times, paid {len(paid)}, with a person {len(set(waiting))}")
