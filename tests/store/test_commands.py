from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from bot.command import main
from bot.ledger import ledger
from bot.store import database
from bot.store.database import session
from bot.store.models import Agent, AuditEntry, Case, Order
from bot.store.password import FAILURES, LOCKED_FOR, admits, fits
from bot.store.platform import DemoShop, PlatformError
from tests.ledger.shop import AT, open_shop


def heqi(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=typed)


def test_the_courier_brings_goods_back_and_the_money_goes_out(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        case.state = "awaiting_return"
        entry = ledger.promise(opened, case, cause="change_of_mind", remedy="return_refund", fen=9950, at=AT)
        ledger.accept(opened, entry, AT, return_needed=True)
    first, second, nothing = heqi("shop", "returned", "o1", "l1"), heqi("shop", "returned", "o1", "l1"), heqi("shop", "returned", "o1", "l2")
    assert (first.exit_code, second.exit_code, nothing.exit_code) == (0, 0, 1)
    assert "99.50 元 已退出" in first.stdout
    assert "没有新的退款" in second.stdout
    assert "没有约定退货" in nothing.stderr
    with session() as opened:
        assert opened.get(Case, "k1").state == "settled"
        assert [row["state"] for row in ledger.rows(opened, "k1")] == ["paid"]


def test_what_the_platform_did_not_confirm_is_tried_again(database_url: str) -> None:
    with session() as opened:
        entry = ledger.promise(opened, open_shop(opened), cause="price_drop", remedy="price_difference", fen=500, at=AT)
        ledger.accept(opened, entry, AT)
        ledger.pay(opened, entry, DemoShop(opened, loses=1), AT)
    assert " price_difference 500 paid" in heqi("shop", "pay-outs").stdout
    assert "没有待付的款项" in heqi("shop", "pay-outs").stdout


def test_the_demo_shop_is_loaded_by_command(database_url: str) -> None:
    assert heqi("shop", "demo").exit_code == 0
    with session() as opened:
        assert len(opened.scalars(select(Order)).all()) == 80


def test_a_desk_user_is_made_and_may_sign_in(database_url: str) -> None:
    assert heqi("user", "add", "小王", "--role", "agent", "--password", "korrekt-pferd").exit_code == 0
    assert heqi("user", "add", "店主", "--role", "owner", typed="korrekt-pferd\nkorrekt-pferd\n").exit_code == 0
    with session() as opened:
        agents = {agent.name: agent for agent in opened.scalars(select(Agent))}
        assert {name: agent.role for name, agent in agents.items()} == {"小王": "agent", "店主": "owner"}
        assert "korrekt" not in agents["小王"].password_hash
        assert admits(agents["小王"], fits(agents["小王"].password_hash, "korrekt-pferd"), AT)
        assert not admits(agents["小王"], fits(agents["小王"].password_hash, "falsch"), AT)
        assert [entry.what for entry in opened.scalars(select(AuditEntry))] == ["user_set", "user_set"]


@pytest.mark.parametrize(
    "arguments", [("--role", "king", "--password", "korrekt-pferd"), ("--role", "agent", "--password", ""), ("--password", "korrekt-pferd")]
)
def test_a_user_that_cannot_be_is_wrong_use(database_url: str, arguments: tuple[str, ...]) -> None:
    assert heqi("user", "add", "小王", *arguments).exit_code == 2
    with session() as opened:
        assert opened.scalars(select(Agent)).all() == []


def test_wrong_passwords_lock_the_user_for_a_while(database_url: str) -> None:
    heqi("user", "add", "小王", "--role", "agent", "--password", "korrekt-pferd")
    at = datetime(2026, 11, 25, tzinfo=timezone.utc)
    with session() as opened:
        agent = opened.get(Agent, "小王")
        for _ in range(FAILURES - 1):
            assert not admits(agent, fits(agent.password_hash, "falsch"), at)
        assert admits(agent, fits(agent.password_hash, "korrekt-pferd"), at)
        for _ in range(FAILURES):
            assert not admits(agent, fits(agent.password_hash, "falsch"), at)
        assert not admits(agent, fits(agent.password_hash, "korrekt-pferd"), at + LOCKED_FOR - timedelta(seconds=1))
        assert admits(agent, fits(agent.password_hash, "korrekt-pferd"), at + LOCKED_FOR)


def test_the_demo_shops_platform_answers_a_key_once(database_url: str) -> None:
    with session() as opened:
        open_shop(opened)
        platform = DemoShop(opened)
        receipt = platform.pay("key", "o1", "l1", "refund", 100, AT)
        assert platform.pay("key", "o1", "l1", "refund", 100, AT + timedelta(days=1)) == receipt
        with pytest.raises(ValueError, match="was used for refund of 100 fen"):
            platform.pay("key", "o1", "l1", "refund", 101, AT)
        label = platform.return_label("key", "o1", "l1")
        assert label == platform.return_label("key", "o1", "l1")
        assert label.tracking_number != platform.return_label("other", "o1", "l1").tracking_number
        order = platform.order("o1")
        assert order is not None
        assert [line.line_id for line in order.lines] == ["l1", "l2"]
        with pytest.raises(PlatformError):
            DemoShop(opened, refuses=1).order("o1")


GONE = {
    "gone": ("postgresql://nobody:geheim@127.0.0.1:1/none", "连不上数据库"),
    "no-folder": ("sqlite:////proc/nowhere/heqi.db", "打不开数据库文件"),
    "damaged": ("sqlite:///{place}/damaged.db", "数据库文件坏了"),
    "another-kind": ("mysql://127.0.0.1/heqi", "HEQI_DATABASE_URL: 应以"),
}
EACH = (
    ("backup", "{place}/out.zip"), ("replay", "x"), ("export", "x"), ("policy", "history"), ("privacy", "clean"),
    ("load", "{place}/shop.json"), ("database",), ("shop", "pay-outs"), ("user", "add", "a", "--role", "agent", "--password", "korrekt-pferd"),
)


WAYS = [("gone", arguments) for arguments in EACH] + [(kind, EACH[0]) for kind in GONE if kind != "gone"]


@pytest.mark.parametrize(("kind", "arguments"), WAYS, ids=lambda either: either if isinstance(either, str) else either[0])
def test_a_database_that_fails_a_command_is_named_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, arguments: tuple[str, ...]
) -> None:
    url, told = GONE[kind]
    (tmp_path / "damaged.db").write_bytes(b"no database" * 500)
    (tmp_path / "shop.json").write_text('{"skus": [], "prices": [], "customers": [], "orders": []}')
    monkeypatch.setenv("HEQI_DATABASE_URL", url.format(place=tmp_path))
    said_of(heqi(*(each.format(place=tmp_path) for each in arguments)), told)
    assert not (tmp_path / "out.zip").exists()


def said_of(failed: Result, told: str) -> None:
    assert (failed.exit_code, type(failed.exception)) == (1, SystemExit), failed.exception
    assert failed.stderr.startswith(f"Error: {told}")
    assert len(failed.stderr.splitlines()) == 1
    assert "geheim" not in failed.stderr


def test_a_database_made_by_another_program_is_named(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", sqlite_url)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as other, other:
        other.execute("DROP TABLE audit_entries")
        said_of(heqi("export", "x"), "CASE_ID")
        other.execute("DROP TABLE cases")
        other.commit()
        said_of(heqi("export", "x"), "数据库还没有建,或者是旧的样子")
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    said_of(heqi("shop", "demo"), "数据库是更新的程序建的")


def test_a_database_that_another_program_holds_is_named(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", sqlite_url)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said_of(heqi("shop", "demo"), "数据库正被别的程序占着")


def test_a_database_that_takes_no_writes_is_named(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", f"{postgres_url}?options=-c%20default_transaction_read_only%3Don")
    said_of(heqi("shop", "demo"), "数据库只读")
