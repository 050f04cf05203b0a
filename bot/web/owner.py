"""The owner's calls: what happens and what it costs."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.cases import insight, period
from bot.settings import settings
from bot.store.database import session as open_session
from bot.web.answer import json_answer
from bot.web.blocking import in_database
from bot.web.desk import Staff, staff_of
from bot.web.problem import Problem, wrong

LONGEST_DAYS = 366


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
    return json_answer(insight.insight(told))


def happened(first: date, last: date) -> insight.Happened:
    with open_session(read_only=True) as session:
        return period.happened(session, first, last, settings().month_budget_fen)


def query_day(request: Request, field: str) -> date:
    raw: Any = request.query_params.get(field, "")
    try:
        return date.fromisoformat(raw)
    except ValueError as fault:
        raise wrong(field, "应为日期,例如 2026-11-25") from fault
