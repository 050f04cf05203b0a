"""Every call of the OpenAPI description, with whatever its schema allows and forbids: an answer, never a server error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import strategies as st
from schemathesis import GenerationMode
from starlette.testclient import TestClient

from tests.promises.scale import scaled
from tests.web.conftest import MUG, Agent
from tests.web.test_desk import handed_over

EXAMPLES = scaled(60, 300)
"""For each call, each mode (allowed, forbidden)."""

SLOW = ("wait",)
"""Query parameters that make a call wait."""


@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("staff")
def test_no_call_ever_ends_in_a_server_error(client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(MUG)
    for bucket in (client.app.state.customer_rates, client.app.state.login_failures):  # type: ignore[attr-defined]
        monkeypatch.setattr(bucket, "a_minute", 10**9)
        bucket.left.clear()
    customer, case_id = handed_over(client)
    agent = Agent(client, "laochen")
    agent.does(case_id, "claim")
    schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    met: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            attack(client, operation, mode, {"chat": customer.headers, "desk": agent.headers}, case_id, met)
    assert met[200] > 0
    assert met[400] > 0
    print(f"{sum(met.values())} calls: {dict(sorted(met.items()))}")


def attack(client: TestClient, operation: Any, mode: GenerationMode, headers: dict[str, dict[str, str]], case_id: str, met: Counter[int]) -> None:
    try:
        cases = operation.as_strategy(generation_mode=mode)
    except schemathesis.errors.Unsatisfiable:
        return

    right, wrong = ("desk", "chat") if operation.path.startswith(("/api/v1/desk", "/api/v1/insight", "/api/v1/policy")) else ("chat", "desk")

    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=cases, role=st.sampled_from((right, right, right, wrong, "none")), real=st.booleans())
    def call(case: Any, role: str, real: bool) -> None:
        if real and "case_id" in (case.path_parameters or {}):
            case.path_parameters["case_id"] = case_id
        for name in SLOW:
            if case.query and name in case.query:
                case.query[name] = 0
        given = case.as_transport_kwargs(base_url="http://testserver")
        given.pop("cookies", None)
        if given.get("files"):  # the client sends text and bytes only
            given["files"] = [(name, tuple(part if part is None or isinstance(part, (bytes, str)) else str(part) for part in parts)) for name, parts in given["files"]]
        given["headers"] = {**{name: str(value) for name, value in (given.get("headers") or {}).items()}, **headers.get(role, {})}
        try:
            answer = client.request(**{name: value for name, value in given.items() if name not in {"timeout", "proxies", "allow_redirects"}})
        except (UnicodeEncodeError, ValueError):
            return  # the client itself cannot send it
        met[answer.status_code] += 1
        # 503 is the honest answer where a part is not there; nothing is missing here.
        assert answer.status_code < 500, f"{operation.method} {operation.path}: {answer.status_code} {answer.text} for {given}"

    try:
        call()
    except hypothesis.errors.Unsatisfiable:
        return
