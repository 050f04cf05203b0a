"""A backup is restored whole or not at all, into either database, also one of an older version."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot.command import main
from bot.ledger import ledger
from bot.store import backup, migration
from bot.store.columns import Record
from bot.store.conversation import append, conversation_turn
from bot.store.database import engine, session
from bot.store.models import AuditEntry, Case, Evidence, LedgerEntry
from bot.store.platform import DemoShop
from tests.ledger.shop import AT, open_shop

PICTURE = b"\xff\xd8 what a customer sent \x00"
SHA256 = "ab" + "0" * 62


sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is decided before any database is touched."""


def heqi(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def rows() -> dict[str, list[Any]]:
    """Everything in the configured database."""
    with session(read_only=True) as opened:
        return {
            name: [dict(row) for row in opened.execute(select(table).order_by(*table.primary_key.columns)).mappings()]
            for name, table in Record.metadata.tables.items()
        }


def fill(var: Path) -> None:
    """A shop with talk, evidence, a ledger whose rows would be refused in any other order, and a waiting note."""
    with session() as opened:
        case = open_shop(opened, cap_fen=6000, facts={"paid_twice_fen": 100})
        first = ledger.promise(opened, case, cause="quality_defect", remedy="refund_part", fen=5000, at=AT)
        ledger.cancel(opened, first, AT)
        again = ledger.promise(opened, case, cause="quality_defect", remedy="refund_part", fen=4000, at=AT)
        ledger.accept(opened, again, AT)
        ledger.pay(opened, again, DemoShop(opened), AT)
        case.cap_fen = 4000  # a later assessment allows no more than was paid
        with conversation_turn(opened, "t1", customer_id="c1", at=AT) as conversation:
            append(opened, conversation, "customer", "「退」😀\n%s", AT, choices=[{"id": "a", "label": "是"}], client_id="m1")
            append(opened, conversation, "bot", "好", AT, card={"kind": "x", "fen": 2**40})
        opened.add(Evidence(evidence_id="e1", case_id="k1", kind="photo", sha256=SHA256, at=AT, path="upl_1"))
        opened.add(AuditEntry(at=AT, who="bot", what="x", case_id="k1", detail={"a": None}))
    place = var / "evidence" / "original" / "ab" / SHA256
    place.parent.mkdir(parents=True)
    place.write_bytes(PICTURE)
    (var / "unanswered").mkdir()
    (var / "unanswered" / "0001-a.json").write_bytes(b"{}")


@pytest.fixture
def full(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configured database is full; returns where its backup lies."""
    var = tmp_path / "var"
    monkeypatch.setenv("HEQI_VAR", str(var))
    var.mkdir()
    fill(var)
    made = heqi("backup", str(tmp_path / "b.zip"))
    assert made.exit_code == 0, made.output
    return tmp_path / "b.zip"


def test_everything_is_there_again_and_still_guarded(
    full: Path, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From each kind of database into each."""
    before = rows()
    var = tmp_path / "other"
    monkeypatch.setenv("HEQI_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("HEQI_VAR", str(var))
    restored = heqi("restore", str(full))
    assert restored.exit_code == 0, restored.output
    assert rows() == before
    assert migration.is_current()
    assert (var / "evidence" / "original" / "ab" / SHA256).read_bytes() == PICTURE
    assert (var / "unanswered" / "0001-a.json").exists()
    with pytest.raises(IntegrityError, match="append-only"), session() as opened:
        opened.execute(text("DELETE FROM payouts"))
    with session() as opened:
        entry = opened.scalars(select(LedgerEntry).where(LedgerEntry.attempt == 2)).one()
        assert ledger.pay(opened, entry, DemoShop(opened), AT) == "paid"
        assert {row["state"] for row in ledger.rows(opened, "k1")} == {"cancelled", "paid"}
    with session() as opened, pytest.raises(ledger.LedgerRefused, match="cap"):
        ledger.promise(opened, opened.get(Case, "k1"), cause="other", remedy="refund_part", fen=1, at=AT)
    with session() as opened:
        opened.add(AuditEntry(at=AT, who="bot", what="goes on", detail={}))
        opened.flush()


def test_a_full_database_is_replaced_only_when_told(full: Path) -> None:
    before = rows()
    with session() as opened:
        opened.add(AuditEntry(at=AT, who="bot", what="later", detail={}))
    changed = rows()
    refused = heqi("restore", str(full))
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert rows() == changed
    assert heqi("restore", "--replace", str(full)).exit_code == 0
    assert rows() == before


@sqlite_alone
def test_a_damaged_backup_changes_nothing(full: Path, tmp_path: Path) -> None:
    before = rows()
    content = bytearray(full.read_bytes())
    content[len(content) // 3] ^= 0xFF
    half, strange, other = (tmp_path / name for name in ("half.zip", "strange.zip", "other.zip"))
    full.write_bytes(content)
    half.write_bytes(content[: len(content) // 2])
    strange.write_bytes(b"PK not really")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("files/../../outside", "x")
    for path in (full, half, strange, other):
        refused = heqi("restore", "--replace", str(path))
        assert refused.exit_code == 1
        assert "不能恢复" in refused.stderr
    assert rows() == before


@sqlite_alone
def test_a_damaged_byte_anywhere_is_noticed_or_harmless(full: Path) -> None:
    content, intact = full.read_bytes(), backup.read(full)
    noticed = 0
    for place in range(0, len(content), max(1, len(content) // 300)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        full.write_bytes(damaged)
        try:
            assert backup.read(full) == intact  # such as the time in a member's header
        except backup.BadBackup:
            noticed += 1
    assert noticed > 200


@sqlite_alone
def test_a_member_that_is_not_listed_or_points_outside_is_refused(full: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(full, "a") as archive:
        archive.writestr("files/evidence/../../../outside", "x")
    assert heqi("restore", "--replace", str(full)).exit_code == 1
    assert not (tmp_path.parent / "outside").exists()


def test_where_a_row_does_not_fit_nothing_of_it_stays(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows()
    from bot.store import backup

    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(backup, "put", fails)
    refused = heqi("restore", "--replace", str(full))
    assert (refused.exit_code, "the disk is full" in refused.stderr) == (1, True)
    assert rows() == before


def test_a_backup_of_an_older_version_moves_forward(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("HEQI_VAR", str(tmp_path / "var"))
    migration.upgrade(revision="0002")
    at = "2026-01-01 00:00:00" if empty_database_url.startswith("sqlite") else "2026-01-01 00:00:00+00"
    with engine().begin() as connection:
        connection.execute(text(
            "INSERT INTO conversations (conversation_id, owner, fence, last_seq, opened_at, updated_at)"
            f" VALUES ('t1', 'bot', 0, 1, '{at}', '{at}')"
        ))
        connection.execute(text(
            "INSERT INTO messages (conversation_id, seq, sender, at, text, choices, delivered)"
            f" VALUES ('t1', 1, 'customer', '{at}', '旧', '[]', false)"
        ))
    assert heqi("backup", str(tmp_path / "old.zip")).exit_code == 0
    restored = heqi("restore", "--replace", str(tmp_path / "old.zip"))
    assert restored.exit_code == 0, restored.output
    assert migration.is_current()
    found = rows()
    assert [(row["text"], row["choice"]) for row in found["messages"]] == [("旧", None)]
    assert [(row["heard_seq"], row["answered_seq"]) for row in found["conversations"]] == [(1, 1)]


def test_without_tables_there_is_nothing_to_back_up(empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", empty_database_url)
    refused = heqi("backup", str(tmp_path / "b.zip"))
    assert (refused.exit_code, list(tmp_path.glob("*.zip"))) == (1, [])
    assert "heqi database" in refused.stderr


def test_others_may_write_while_it_is_made(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row written after the first table was read is in no table of the backup."""
    from bot.store import backup

    real, written = backup.dump, []

    def dump(*arguments: Any) -> int:
        count = real(*arguments)
        if not written:
            written.append(True)
            with session() as opened:
                opened.add(AuditEntry(at=AT, who="bot", what="meanwhile", detail={}))
        return count

    monkeypatch.setattr(backup, "dump", dump)
    assert heqi("backup", str(tmp_path / "c.zip")).exit_code == 0
    assert heqi("restore", "--replace", str(tmp_path / "c.zip")).exit_code == 0
    assert "meanwhile" not in [row["what"] for row in rows()["audit_entries"]]


def test_a_full_database_moves_forward(database_url: str, tmp_path: Path) -> None:
    """As an older version left it, with cases, talk and a ledger in it."""
    fill(tmp_path)
    before = rows()
    migration.downgrade(database_url, "0002")
    migration.upgrade(database_url)
    after = rows()
    newer = ("heard_seq", "answered_seq", "memory")
    for tables in (before, after):
        tables["conversations"] = [{key: value for key, value in row.items() if key not in newer} for row in tables["conversations"]]
    assert after == before
    with session(read_only=True) as opened:
        # What an older version took was answered or handed over: nothing of it is answered again.
        assert opened.execute(text("SELECT count(*) FROM conversations WHERE heard_seq > answered_seq")).scalar_one() == 0
