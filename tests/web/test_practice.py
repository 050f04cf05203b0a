"""Agents practise with a simulated customer; no real case, no money."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import MUG, Agent, money
from tests.web.test_desk import handed_over

PRACTICE = "/api/v1/desk/practice"


def post(agent: Agent, path: str, **body: Any) -> Any:
    answer = agent.client.post(path, json=body, headers=agent.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_case_is_practised_to_its_end_and_its_score_kept(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    handed_over(client)
    agent, other, supervisor = Agent(client, "xiaoli"), Agent(client, "xiaowang"), Agent(client, "laochen")
    kinds = client.get(PRACTICE, headers=agent.headers).json()["kinds"]
    assert (kinds[0]["fault"], kinds[0]["cases"]) == ("damaged", 1), "what the shop sees most comes first"
    begun = post(agent, PRACTICE, fault="damaged")
    assert (begun["known"]["fault"], len(begun["said"]), begun["score"]) == ("damaged", 1, None)
    path, moves = f"{PRACTICE}/{begun['number']}", [{"act": "evidence"}, {"act": "end"}]
    ended = post(agent, path, moves=moves)
    assert ended == post(agent, path, moves=moves), "the same moves, the same customer"
    assert (len(ended["said"]), ended["score"]["turns"]) == (3, 2)
    kept = client.get(PRACTICE, headers=supervisor.headers).json()["done"]
    assert [(row["who"], row["points"]) for row in kept] == [("xiaoli", ended["score"]["points"])]
    assert client.get(PRACTICE, headers=other.headers).json()["done"] == []
    assert post(agent, PRACTICE, fault="damaged")["number"] != begun["number"]
    assert money() == []
    over = client.post(path, json={"moves": [*moves, {"act": "end"}]}, headers=agent.headers)
    assert (over.status_code, over.json()["error"]["code"]) == (409, "over")


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("", {"fault": "weather"}, 400, "fault"), ("", {}, 400, "fault"), ("/0", {}, 400, "moves"), ("/0", {"moves": [{"act": "pay"}]}, 400, "moves"),
        ("/0", {"moves": [{"act": "offer", "remedy": "none", "fen": 1}]}, 400, "moves"), ("/0", {"moves": [{"act": "offer", "remedy": "exchange", "fen": 1}]}, 400, "moves"),
        ("/0", {"moves": [{"act": "end"}] * 21}, 400, "moves"), ("/-1", {"moves": []}, 404, "number"), ("/99999", {"moves": []}, 404, "number"),
    ],
)
def test_what_cannot_be_practised_names_its_field(
    client: TestClient, staff: None, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    answer = client.post(f"{PRACTICE}{path}", json=body, headers=Agent(client, "xiaoli").headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(f"{field}:")
    assert client.post(f"{PRACTICE}{path}", json=body).status_code == 401
