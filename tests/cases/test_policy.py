"""The policy in force is the same for every process, whatever file each has, and costs a turn no second connection."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from click.testing import CliRunner

from bot.cases import policy
from bot.command import main
from bot.store.database import session
from tests.dialogues.shop import NOW

ANSWERS = "import sys; from bot.cases import policy; [print(policy.current().auto_limit_fen, flush=True) for _ in sys.stdin]"
AT_ONCE = 15
"""As many connections as a process has."""


@pytest.fixture(autouse=True)
def file(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The policy file of this process."""
    found = tmp_path / "here.yml"
    found.write_text("auto_limit_fen: 40000\n", encoding="utf-8")
    monkeypatch.setenv("HEQI_POLICY", str(found))
    return found


@contextmanager
def another_process(file: Path) -> Iterator[Callable[[], int]]:
    """A process with a policy file of its own; the call asks it for the limit in force there."""
    environment = os.environ | {"HEQI_POLICY": str(file)}
    with subprocess.Popen([sys.executable, "-c", ANSWERS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as started:
        assert started.stdin is not None and started.stdout is not None

        def limit() -> int:
            assert started.stdin is not None and started.stdout is not None
            started.stdin.write("\n")
            started.stdin.flush()
            return int(started.stdout.readline())

        yield limit
        started.stdin.close()


def put(text: str) -> None:
    with session() as db:
        policy.put_in_force(db, text, NOW, "laoban")


def heqi(*arguments: str) -> str:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_a_change_holds_in_a_process_with_another_file(tmp_path: Path) -> None:
    with another_process(tmp_path / "none.yml") as limit:
        assert (limit(), policy.current().auto_limit_fen) == (50000, 40000)
        put("auto_limit_fen: 10000\n")
        assert limit() == policy.current().auto_limit_fen == 10000
        put("auto_limit_fen: 20000\n")
        put("auto_limit_fen: 10000\n")
        assert limit() == policy.current().auto_limit_fen == 10000


def test_one_transaction_sees_one_policy(tmp_path: Path) -> None:
    put("auto_limit_fen: 10000\n")
    with session(read_only=True):
        assert policy.current().auto_limit_fen == 10000
        with ThreadPoolExecutor(1) as pool:
            pool.submit(put, "auto_limit_fen: 20000\n").result()
        assert policy.current().auto_limit_fen == 10000
    assert policy.current().auto_limit_fen == 20000


def test_every_connection_may_be_taken_by_those_who_ask() -> None:
    put("auto_limit_fen: 10000\n")
    everybody = Barrier(AT_ONCE)

    def ask(_: int) -> int:
        with session(read_only=True) as db:
            db.connection()
            everybody.wait(20)
            return policy.current().auto_limit_fen

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(ask, range(AT_ONCE))) == {10000}


def test_an_edited_file_is_in_force_when_it_is_applied(file: Path) -> None:
    file.write_text("auto_limit_fen: 30000\n", encoding="utf-8")
    assert policy.current().auto_limit_fen == 30000, "nobody has put a policy in force: the file is it"
    put("# 网页上改的\nauto_limit_fen: 10000\n")
    assert policy.copy_to_file() is None
    assert file.read_text(encoding="utf-8") == heqi("policy", "show") == "# 网页上改的\nauto_limit_fen: 10000\n"
    file.write_text("auto_limit_fen: 20000\n", encoding="utf-8")
    assert policy.current().auto_limit_fen == 10000
    heqi("policy", "apply")
    assert policy.current().auto_limit_fen == 20000


def test_a_file_that_cannot_be_used_is_mended_by_another(file: Path, tmp_path: Path) -> None:
    file.write_text("auto_limit_fen: viel\n", encoding="utf-8")
    (tmp_path / "new.yml").write_text("auto_limit_fen: 20000\n", encoding="utf-8")
    heqi("policy", "apply", str(tmp_path / "new.yml"))
    assert policy.current().auto_limit_fen == 20000
    assert file.read_text(encoding="utf-8") == "auto_limit_fen: 20000\n"
