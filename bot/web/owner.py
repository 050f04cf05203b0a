"""The owner's calls: what happens and what it costs; the policy, what a change of it would mean, its history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bot import clock
from bot.aftersales.policy import BadPolicy, Policy
from bot.cases import insight, period, policy, preview
from bot.clock import SHOP_ZONE
from bot.store.database import session as open_session
from bot.web import body
from bot.web.answer import json_answer
from bot.web.blocking import in_database
from bot.web.desk import Staff, staff_of
from bot.web.events import OK, Events
from bot.web.problem import Problem, wrong

LONGEST_DAYS = 366
LONGEST_POLICY = 50_000
MOST_CHANGED = 200
"""How many changed cases a preview lists; its sums are of all."""


async def owner_of(request: Request) -> Staff:
    """Who calls, an owner. Raises Problem: 401 nobody, 403 another role."""
    staff = await staff_of(request)
    if staff.role != "owner":
        raise Problem(403, "not_owner", "只有店主可以看这里;请用店主的账号登录")
    return staff


async def get_insight(request: Request) -> Response:
    """GET /api/v1/insight?from&to&format=csv"""
    await owner_of(request)
    first, last = query_day(request, "from"), query_day(request, "to")
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise wrong("to", f"应不早于 from,最多 {LONGEST_DAYS} 天")
    chosen = request.query_params.get("format", "json")
    if chosen not in {"json", "csv"}:
        raise wrong("format", "应为 json 或 csv")
    told = await in_database(happened, first, last)
    if chosen == "csv":
        headers = {"Content-Disposition": f'attachment; filename="heqi-cases-{first}-{last}.csv"'}
        return Response(insight.as_csv(told), 200, headers, "text/csv; charset=utf-8")
    events: Events | None = request.app.state.events
    return json_answer(insight.insight(told, listening=events is not None and events.state == OK))


def happened(first: date, last: date) -> insight.Happened:
    with open_session(read_only=True) as session:
        return period.happened(session, first, last)


def query_day(request: Request, field: str) -> date:
    raw: Any = request.query_params.get(field, "")
    try:
        found = date.fromisoformat(raw)
    except ValueError as fault:
        raise wrong(field, "应为日期,例如 2026-11-25") from fault
    if not 1970 <= found.year < 9999:  # a day in the shop's zone must be one in every zone
        raise wrong(field, "应为日期,例如 2026-11-25")
    return found


async def get_policy(request: Request) -> Response:
    """GET /api/v1/policy"""
    await owner_of(request)
    return json_answer(await in_database(policy_now))


def policy_now() -> dict[str, Any]:
    with open_session(read_only=True) as session:
        now = policy.in_force(session)
        history = [
            {"version": row.version, "source": row.source, "at": row.at.astimezone(SHOP_ZONE).isoformat(), "by": row.by}
            for row in reversed(policy.history(session))
        ]
    return {"version": now.version, "yaml": now.text, "history": history}


async def get_old_policy(request: Request) -> Response:
    """GET /api/v1/policy/{version}: every parameter of a version that was in force."""
    await owner_of(request)
    version = request.path_params["version"]
    return json_answer({"version": version, "yaml": await in_database(policy_then, version)})


def policy_then(version: str) -> str:
    with open_session(read_only=True) as session:
        try:
            return policy.as_yaml(policy.of_version(session, version))
        except LookupError as unknown:
            raise Problem(404, "not_found", "没有这个版本的政策") from unknown


async def preview_policy(request: Request) -> Response:
    """POST /api/v1/policy/preview: checks, and judges past cases again; changes nothing."""
    await owner_of(request)
    given = await body.json_object(request)
    changed = policy_in(given)
    days = body.whole(given, "days", 1, 3660) if given.get("days") is not None else None
    return json_answer(await in_database(compared, changed, days))


def policy_in(given: dict[str, Any]) -> Policy:
    """The policy of the body's `yaml`. Raises Problem (400) with the field and the article."""
    try:
        return policy.read(body.text(given, "yaml", LONGEST_POLICY))
    except BadPolicy as bad:
        raise Problem(400, "bad_policy", f"yaml:{bad}") from bad


def compared(after: Policy, days: int | None) -> dict[str, Any]:
    before = policy.current()
    since = clock.now() - timedelta(days=days) if days else None
    with open_session(read_only=True) as session:
        past = preview.past(session, since)
    try:
        rows = preview.compare(past.cases, before, after)
    except BadPolicy as bad:
        raise Problem(400, "bad_policy", f"yaml:{bad}") from bad
    return {
        "before": before.version,
        "after": after.version,
        "total": msgspec.to_builtins(preview.total(rows)),
        "cases": [msgspec.to_builtins(row) for row in rows if row.changed][:MOST_CHANGED],
        "unreadable": len(past.unreadable),
    }


async def put_policy(request: Request) -> Response:
    """POST /api/v1/policy: puts it in force, where nobody changed the one it is based on."""
    staff = await owner_of(request)
    given = await body.json_object(request)
    policy_in(given)
    based_on = body.text(given, "based_on", 100)
    return json_answer({"version": await in_database(put_in_force, str(given["yaml"]), based_on, staff.name)})


def put_in_force(text: str, based_on: str, name: str) -> str:
    try:
        with open_session() as session:
            version = policy.put_in_force(session, text, clock.now(), name, based_on).version
    except policy.ChangedMeanwhile as changed:
        raise Problem(409, "changed_meanwhile", "based_on:政策已经被改过,请重新打开再改") from changed
    policy.copy_to_file()
    return version
