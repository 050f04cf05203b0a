"""The owner sees, checks, previews and changes the policy; nobody else does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from starlette.testclient import TestClient

from bot.cases import policy
from bot.store.database import engine
from tests.web.conftest import DROPPED, PATIENT, Agent, Customer, both_databases
from tests.web.test_insight import owner

__all__ = ["owner"]

STRICTER = "price_protection:\n  unclear_days: 3\n"
LOWER_LIMIT = "# 我们自己的上限\nauto_limit_fen: 10000\n"
HIGHER_LIMIT = "auto_limit_fen: 90000\n"

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def policy_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = place / "policy.yml"
    file.write_text("# 缺省\nauto_limit_fen: 50000\n", encoding="utf-8")
    monkeypatch.setenv("HEQI_POLICY", str(file))
    return file


def test_seen_previewed_changed_and_kept(client: TestClient, given: Callable[..., None], owner: Agent, policy_file: Path) -> None:
    given(DROPPED)
    Customer(client, "cus_t001").ask("退我差价")
    now = client.get("/api/v1/policy", headers=owner.headers).json()
    assert now["yaml"].startswith("# 缺省")
    assert [row["version"] for row in now["history"]] == [now["version"]]

    seen = client.post("/api/v1/policy/preview", json={"yaml": LOWER_LIMIT}, headers=owner.headers).json()
    assert (seen["total"]["cases"], seen["total"]["changed"], seen["total"]["after_persons"]) == (1, 1, 1)
    assert seen["cases"][0]["before"]["owed_fen"] == seen["cases"][0]["after"]["owed_fen"] == 50000
    assert policy_file.read_text(encoding="utf-8") == now["yaml"]

    body = {"yaml": LOWER_LIMIT, "based_on": now["version"]}
    version = client.post("/api/v1/policy", json=body, headers=owner.headers).json()["version"]
    assert version == seen["after"] == policy.current().version
    after = client.get("/api/v1/policy", headers=owner.headers).json()
    assert (after["version"], after["yaml"]) == (version, LOWER_LIMIT)
    assert {(row["version"], row["by"]) for row in after["history"]} == {(version, "laoban"), (now["version"], "bot")}
    old = client.get(f"/api/v1/policy/{now['version']}", headers=owner.headers).json()
    assert "auto_limit_fen: 50000" in old["yaml"]
    again = client.post("/api/v1/policy", json=body, headers=owner.headers)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "changed_meanwhile")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (STRICTER, "price_protection.unclear_days"), ("goodwill: 3", "(policy)"), ("a: [", "(file)"), ("goodwill_ratio: 0.9", "goodwill_ratio"),
        ("negotiation:\n  offer_hours: x\n", "negotiation.offer_hours"), ("", ""),
    ],
    ids=["below-the-law", "unknown", "no-yaml", "too-much", "negotiation", "empty"],
)
def test_what_cannot_be_a_policy_changes_nothing(client: TestClient, owner: Agent, policy_file: Path, text: str, field: str) -> None:
    before, version = policy_file.read_text(encoding="utf-8"), policy.current().version
    for path in ("/api/v1/policy/preview", "/api/v1/policy"):
        answer = client.post(path, json={"yaml": text, "based_on": version}, headers=owner.headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith(f"yaml:{field}")
    assert policy_file.read_text(encoding="utf-8") == before


def test_only_the_owner_has_the_policy(client: TestClient, owner: Agent) -> None:
    for name, status in (("xiaoli", 403), ("laochen", 403), ("laoban", 404)):
        headers = Agent(client, name).headers
        assert client.get("/api/v1/policy/p-none", headers=headers).status_code == status
    for name in ("xiaoli", "laochen"):
        headers = Agent(client, name).headers
        assert client.get("/api/v1/policy", headers=headers).status_code == 403
        for path in ("/api/v1/policy", "/api/v1/policy/preview"):
            assert client.post(path, json={"yaml": LOWER_LIMIT, "based_on": "x"}, headers=headers).status_code == 403


@contextmanager
def all_at_the_same_point(count: int) -> Iterator[None]:
    """Lets `count` transactions that will keep a policy come as far as that, and go on together."""
    waiting = sql("SELECT count(*) FROM pg_locks WHERE relation = 'policy_versions'::regclass AND NOT granted")
    end = time.monotonic() + PATIENT
    with engine().begin() as holder, engine().connect() as looking:
        holder.execute(sql("LOCK TABLE policy_versions IN SHARE MODE"))
        yield
        while looking.execute(waiting).scalar_one() < count:
            assert time.monotonic() < end, "they never came"


@contextmanager
def commits_refused() -> Iterator[None]:
    """The database says at the commit that its disk is full, where a policy was kept."""
    with engine().begin() as db:
        db.execute(sql("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"))
        db.execute(sql("CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON policy_versions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION full_disk()"))
    try:
        yield
    finally:
        with engine().begin() as db:
            db.execute(sql("DROP FUNCTION full_disk CASCADE"))


@on_postgresql
def test_of_two_changes_of_the_same_policy_one_is_refused(client: TestClient, owner: Agent, policy_file: Path) -> None:
    based_on = client.get("/api/v1/policy", headers=owner.headers).json()["version"]

    def change(text: str) -> tuple[int, str]:
        return client.post("/api/v1/policy", json={"yaml": text, "based_on": based_on}, headers=owner.headers).status_code, text

    with ThreadPoolExecutor(2) as pool:
        with all_at_the_same_point(2):
            changes = [pool.submit(change, text) for text in (LOWER_LIMIT, HIGHER_LIMIT)]
        (done, in_force), (refused, _) = sorted(each.result() for each in changes)
    assert (done, refused) == (200, 409)
    assert client.get("/api/v1/policy", headers=owner.headers).json()["yaml"] == in_force == policy_file.read_text(encoding="utf-8")
    assert policy.current() == policy.read(in_force)


@on_postgresql
def test_nothing_is_in_force_before_the_commit(client: TestClient, owner: Agent, policy_file: Path) -> None:
    before = client.get("/api/v1/policy", headers=owner.headers).json()
    body = {"yaml": LOWER_LIMIT, "based_on": before["version"]}
    with commits_refused():
        answer = client.post("/api/v1/policy", json=body, headers=owner.headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert policy.current().auto_limit_fen == 50000
    assert policy_file.read_text(encoding="utf-8") == before["yaml"]
    assert client.get("/api/v1/policy", headers=owner.headers).json() == before
    assert client.post("/api/v1/policy", json=body, headers=owner.headers).status_code == 200
    assert policy.current().auto_limit_fen == 10000


@both_databases
def test_a_file_that_nobody_may_write_keeps_no_policy_from_being_in_force(
    client: TestClient, owner: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEQI_POLICY", "/proc/nowhere/policy.yml")  # as in a container, where the file is not ours
    now = client.get("/api/v1/policy", headers=owner.headers).json()
    answer = client.post("/api/v1/policy", json={"yaml": LOWER_LIMIT, "based_on": now["version"]}, headers=owner.headers)
    assert answer.status_code == 200
    assert policy.current().auto_limit_fen == 10000
    assert client.get("/api/v1/policy", headers=owner.headers).json()["yaml"] == LOWER_LIMIT
