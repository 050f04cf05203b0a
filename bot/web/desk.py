"""The agents' calls. Every one checks that the desk session still stands; what may be done is bot.cases.desk's word."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from bot import clock
from bot.cases import desk, desk_view
from bot.clock import SHOP_ZONE
from bot.store import models, password
from bot.store.database import session as open_session
from bot.web import bearer, body, evidence_store
from bot.web.answer import json_answer
from bot.web.bearer import DeskToken
from bot.web.blocking import in_database
from bot.web.chat import bursts_of, hub_of, shown_file
from bot.web.problem import Problem, cause, wrong
from bot.web.rate import Buckets, address_of

logger = logging.getLogger(__name__)

LONGEST_TEXT = 2000
NOBODY = password.hashed("nobody has this password")
"""Checked where the name is unknown, so that it takes as long as a wrong password."""


class Staff(msgspec.Struct, frozen=True):
    name: str
    role: str


async def login(request: Request) -> Response:
    """POST /api/v1/desk/login"""
    given = await body.json_object(request)
    name = body.text(given, "user", 200)
    secret = body.text(given, "password", 1000)
    failures: Buckets = request.app.state.login_failures
    address = address_of(request.scope)
    one_by_one: asyncio.Lock = request.app.state.signing_in
    async with one_by_one:  # tries sent together are counted too, and never fill the threads that customers need
        await failures.check(address)
        signed_in = await in_database(sign_in, name, secret)
        if signed_in is None:
            await failures.take(address)
    if signed_in is None:
        raise bearer.unauthorized("用户名或密码不对;连续输错五次,这个账号锁定十五分钟")
    token, role = signed_in
    return json_answer({"token": token, "name": name, "role": role})


def sign_in(name: str, secret: str) -> tuple[str, str] | None:
    """The session's token and the role, or None. Hashing holds no lock: SQLite's would keep every customer waiting."""
    with open_session(read_only=True) as session:
        known = session.scalar(select(models.Agent.password_hash).where(models.Agent.name == name))
    right = password.fits(known or NOBODY, secret)
    if known is None:
        return None
    with open_session() as session:
        agent = session.get(models.Agent, name, with_for_update=True)
        if agent is None or agent.password_hash != known or not password.admits(agent, right, datetime.now(SHOP_ZONE)):
            return None
        return bearer.desk_token(DeskToken(name, bearer.stamp(agent.password_hash, agent.role))), str(agent.role)


async def staff_of(request: Request) -> Staff:
    """Who calls. Raises Problem (401) where the session ended with a new password or role."""
    return await in_database(still_staff, bearer.read_desk(bearer.carried(request)))


def still_staff(token: DeskToken) -> Staff:
    with open_session(read_only=True) as session:
        agent = session.get(models.Agent, token.name)
        if agent is None or bearer.stamp(agent.password_hash, agent.role) != token.stamp:
            raise bearer.unauthorized("登录已失效,请重新登录")
        return Staff(str(agent.name), str(agent.role))


async def me(request: Request) -> Response:
    """GET /api/v1/desk/me"""
    return json_answer(msgspec.to_builtins(await staff_of(request)))


async def list_cases(request: Request) -> Response:
    """GET /api/v1/desk/cases?state="""
    staff = await staff_of(request)
    state = request.query_params.get("state", "queue")
    if state not in desk_view.STATES:
        raise wrong("state", "应为 queue、mine 或 all")
    return json_answer({"cases": await in_database(cases_for, staff.name, state)})


def cases_for(name: str, state: str) -> list[dict[str, Any]]:
    with open_session(read_only=True) as session:
        return desk_view.cases(session, name, state, clock.now())


async def list_agents(request: Request) -> Response:
    """GET /api/v1/desk/agents"""
    await staff_of(request)
    return json_answer({"agents": await in_database(agents)})


def agents() -> list[dict[str, Any]]:
    with open_session(read_only=True) as session:
        return desk_view.agents(session)


async def get_case(request: Request) -> Response:
    """GET /api/v1/desk/cases/{case_id}"""
    await staff_of(request)
    return json_answer(await in_database(document, body.path_id(request, "case_id")))


def document(case_id: str) -> dict[str, Any]:
    with open_session(read_only=True) as session:
        try:
            return desk_view.document(session, case_id)
        except LookupError as unknown:
            raise Problem(404, "no_case", "没有这个案件") from unknown


def in_short(case_id: str) -> dict[str, Any]:
    with open_session(read_only=True) as session:
        return desk_view.one(session, case_id, clock.now())


Act = Callable[[str, str, dict[str, Any]], Awaitable[Any]]
"""(case id, agent's name, body) → the answer's content; None for the case in short. Committed when it returns."""


def act(work: Act, status: int = 200) -> Callable[[Request], Awaitable[Response]]:
    """A call that does something with a case: who, what, done, told to everybody who watches."""

    async def endpoint(request: Request) -> Response:
        staff = await staff_of(request)
        case_id = body.path_id(request, "case_id")
        content = await work(case_id, staff.name, await body.optional_object(request))
        short = await told(request, case_id)
        if status == 204:
            return Response(status_code=204)
        return json_answer(short if content is None else content, status)

    return endpoint


async def told(request: Request, case_id: str) -> dict[str, Any]:
    """Tells who watches and the bot that something was done with the case; returns the case in short, or of a database
    that went away right after it was done, the id alone: a 503 would say that nothing was."""
    try:
        short = await in_database(in_short, case_id)
    except SQLAlchemyError as fault:
        logger.error("case %s: done, but it cannot be shown: %s", case_id, cause(fault))
        return {"case_id": case_id}  # the hub and the bursts look for themselves when the database is back
    hub_of(request).changed(short["conversation_id"])
    if short["owner"] != "agent":
        bursts_of(request).wake(short["conversation_id"])
    return short


async def claim(case_id: str, name: str, _given: dict[str, Any]) -> None:
    await in_database(desk.claim, case_id, name, clock.now())


async def reply(case_id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    text = body.text(given, "text", LONGEST_TEXT).strip()
    client_id = body.optional_text(given, "client_id", 100)
    return {"seq": await in_database(desk.reply, case_id, name, text, clock.now(), client_id)}


async def offer(case_id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    remedy = body.text(given, "remedy", 100)
    fen = body.whole(given, "fen", 0, 10**10)
    text = body.optional_text(given, "text", LONGEST_TEXT)
    client_id = body.optional_text(given, "client_id", 100)
    offer_id, seq = await in_database(desk.offer, case_id, name, remedy, fen, clock.now(), text, client_id)
    return {"offer_id": offer_id, "seq": seq}


async def approve(case_id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    seq, rows = await in_database(desk.approve, case_id, name, clock.now(), body.optional_text(given, "remedy", 100))
    return {"seq": seq, "ledger": rows}


async def refuse(case_id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"seq": await in_database(desk.refuse, case_id, name, clock.now(), body.optional_text(given, "text", LONGEST_TEXT))}


async def put_order(case_id: str, name: str, given: dict[str, Any]) -> None:
    order_id, line_id = body.text(given, "order_id", 100), body.text(given, "line_id", 100)
    await in_database(desk.put_order, case_id, name, order_id, line_id, clock.now())


async def request_evidence(case_id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    kinds = given.get("kinds")
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds) or len(kinds) > 9:
        raise wrong("kinds", "应为凭证名称的列表")
    text = body.optional_text(given, "text", LONGEST_TEXT)
    return {"seq": await in_database(desk.ask_evidence, case_id, name, kinds, clock.now(), text)}


async def return_to_bot(case_id: str, name: str, given: dict[str, Any]) -> None:
    await in_database(desk.return_to_bot, case_id, name, clock.now(), body.optional_text(given, "note", LONGEST_TEXT), seen=seen(given))


async def resolve(case_id: str, name: str, given: dict[str, Any]) -> None:
    await in_database(desk.resolve, case_id, name, body.text(given, "outcome", 200).strip(), clock.now(), seen=seen(given))


def seen(given: dict[str, Any]) -> int | None:
    """The last message the agent's page had shown, where the page says so."""
    return None if given.get("seen_seq") is None else body.whole(given, "seen_seq", 0, body.MOST_NUMBER)


async def release(case_id: str, name: str, _given: dict[str, Any]) -> None:
    await in_database(desk.release, case_id, name, clock.now())


async def transfer(case_id: str, name: str, given: dict[str, Any]) -> None:
    await in_database(desk.transfer, case_id, name, body.text(given, "to", 200), clock.now())


async def note(case_id: str, name: str, given: dict[str, Any]) -> None:
    await in_database(desk.note, case_id, name, body.text(given, "text", LONGEST_TEXT).strip(), clock.now())


async def get_file(request: Request) -> Response:
    """GET /api/v1/desk/files/{upload_id}"""
    await staff_of(request)
    upload_id = body.path_id(request, "upload_id")
    media_type, sha256 = await in_database(file_of, upload_id)
    if request.query_params.get("original") != "1":
        return shown_file(upload_id, media_type)
    path = evidence_store.original_path(sha256)
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not path.exists():
        raise Problem(404, "not_found", "文件已不在")
    # As an unnamed kind of bytes to save: no browser shows or runs what a stranger sent.
    ending = media_type.partition("/")[2]
    return FileResponse(path, media_type="application/octet-stream", filename=f"{upload_id}.{ending}")


def file_of(upload_id: str) -> tuple[str, str]:
    with open_session(read_only=True) as session:
        row = session.get(models.Upload, upload_id)
        if row is None:
            raise Problem(404, "not_found", "没有这个文件")
        return str(row.media_type), str(row.sha256)
