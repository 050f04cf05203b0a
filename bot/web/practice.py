"""The agents' practice: a simulated customer, answered by the moves so far. Nothing of a real case is touched."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bot import clock
from bot.cases import practice as cases
from bot.negotiation.simulation.practice import Move
from bot.store.database import session as open_session
from bot.web import body
from bot.web.answer import json_answer
from bot.web.blocking import in_database
from bot.web.desk import Staff, staff_of
from bot.web.problem import Problem, wrong

MOST_NUMBER = 10_000
MOST_MOVES = 20


async def overview(request: Request) -> Response:
    """GET /api/v1/desk/practice: the kinds, and the scores; a supervisor sees everybody's."""
    return json_answer(await in_database(overview_of, await staff_of(request)))


def overview_of(staff: Staff) -> dict[str, Any]:
    with open_session(read_only=True) as session:
        return {"kinds": cases.kinds(session), "done": cases.done(session, staff.name if staff.role == "agent" else None)}


async def begin(request: Request) -> Response:
    """POST /api/v1/desk/practice"""
    staff = await staff_of(request)
    fault = body.text(await body.json_object(request), "fault", 100)
    return json_answer(await in_database(first, staff.name, fault))


def first(name: str, fault: str) -> Any:
    with open_session() as session:
        try:
            number = cases.next_number(session, name, fault)
        except ValueError as unknown:
            raise Problem(400, "bad_request", str(unknown)) from unknown
        return msgspec.to_builtins(cases.after(session, name, number, (), clock.now()))


async def answer(request: Request) -> Response:
    """POST /api/v1/desk/practice/{number}: the whole practice after all moves."""
    staff = await staff_of(request)
    number = str(request.path_params["number"])
    if not number.isdecimal() or int(number) > MOST_NUMBER:
        raise Problem(404, "not_found", "number:没有这一局")
    given = (await body.json_object(request)).get("moves")
    if not isinstance(given, list) or len(given) > MOST_MOVES:
        raise wrong("moves", f"应为不超过 {MOST_MOVES} 步的列表")
    try:
        moves = msgspec.convert(given, tuple[Move, ...])
    except msgspec.ValidationError as bad:
        raise wrong("moves", str(bad)) from bad
    return json_answer(await in_database(played, staff.name, int(number), moves))


def played(name: str, number: int, moves: tuple[Move, ...]) -> Any:
    with open_session() as session:
        try:
            return msgspec.to_builtins(cases.after(session, name, number, moves, clock.now()))
        except ValueError as over:
            raise Problem(409, "over", str(over)) from over
