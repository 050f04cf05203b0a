"""The owner sees, checks, previews and changes the policy; nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.cases import policy
from tests.web.conftest import DROPPED, Agent, Customer
from tests.web.test_insight import owner

__all__ = ["owner"]

STRICTER = "price_protection:\n  unclear_days: 3\n"
LOWER_LIMIT = "# 我们自己的上限\nauto_limit_fen: 10000\n"


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
