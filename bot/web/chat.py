"""The customer's calls. Each names its conversation by its token only; nothing of another one can be reached."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from bot import clock
from bot.cases import audit, export, inbox, listing, upload
from bot.clock import SHOP_ZONE
from bot.settings import DEMO_SECRET, settings
from bot.store import models
from bot.store.database import session as open_session
from bot.web import bearer, body, evidence_store, measure, media, timeline
from bot.web.answer import json_answer
from bot.web.bearer import Visitor
from bot.web.blocking import in_database
from bot.web.bursts import Bursts
from bot.web.hub import Hub
from bot.web.problem import Problem, wrong
from bot.web.rate import Buckets

logger = logging.getLogger(__name__)

LONGEST_TEXT = 2000
LONGEST_WAIT = 30.0
LONGEST_CLIENT_ID = 100
MOST_KEPT = 500 * 2**20
"""Bytes of all files of a conversation; a customer gets a new one once a day at the most."""

SPEAKERS = {"customer": "顾客", "bot": "智能客服小和", "agent": "客服", "system": "系统"}
ENDED = ("settled", "refused", "withdrawn", "closed", "awaiting_return")
"""What may be rated: where only the parcel is waited for, everything is said and done between people."""


class SaidBefore(Exception):
    """A message with this client_id was accepted already."""

    def __init__(self, seq: int) -> None:
        self.seq = seq


def hub_of(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


def bursts_of(connection: HTTPConnection) -> Bursts:
    bursts: Bursts = connection.app.state.bursts
    return bursts


def rates_of(request: Request) -> Buckets:
    rates: Buckets = request.app.state.customer_rates
    return rates


def visitor_of(request: Request) -> Visitor:
    return bearer.read_chat(bearer.carried(request))


def conversation_of(session: Session, visitor: Visitor) -> models.Conversation:
    """The visitor's conversation. Raises Problem (401) where it is gone or another's."""
    conversation = session.get(models.Conversation, visitor.conversation_id)
    if conversation is None or conversation.customer_id != visitor.customer_id:
        raise bearer.unauthorized("会话已不存在,请从店铺页面重新进入")
    return conversation


async def open_session_for(request: Request) -> Response:
    """POST /api/v1/sessions"""
    given = await body.json_object(request)
    token = given.get("customer_token")
    if not isinstance(token, str) or not token or len(token) > bearer.LONGEST:
        raise bearer.unauthorized("customer_token:需要店铺签发的顾客令牌")
    customer_id = bearer.customer_of(token)
    openings: Buckets = request.app.state.openings
    await openings.take(customer_id)  # each about an order writes a message
    order_id = body.optional_text(given, "order_id", 200)
    try:
        if order_id is not None:
            await in_database(check_order, customer_id, order_id)
        conversation_id, resumed = await in_database(inbox.open_conversation, customer_id, clock.now())
    except LookupError as unknown:
        raise bearer.unauthorized("customer_token:店铺没有这位顾客") from unknown
    if order_id is not None:
        await in_database(inbox.greet_about, conversation_id, customer_id, order_id, clock.now())
        hub_of(request).changed(conversation_id)
    visitor = Visitor(conversation_id, customer_id)
    name = await in_database(name_of, customer_id)
    return json_answer(
        {
            "conversation_id": conversation_id, "token": bearer.chat_token(visitor), "resumed": resumed,
            "customer": {"customer_id": customer_id, "name": name},
        }
    )


def check_order(customer_id: str, order_id: str) -> None:
    with open_session(read_only=True) as session:
        order = session.get(models.Order, order_id)
        if order is None or order.customer_id != customer_id:
            raise Problem(404, "not_found", "order_id:您名下没有这个订单")


def name_of(customer_id: str) -> str | None:
    with open_session(read_only=True) as session:
        customer = session.get(models.Customer, customer_id)
        return customer.name if customer is not None else None


async def post_message(request: Request) -> Response:
    """POST /api/v1/messages: written down, then answered 202."""
    visitor = visitor_of(request)
    await rates_of(request).take(visitor.customer_id)
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        turns: WeakValueDictionary[str, asyncio.Lock] = request.app.state.file_turns
        turn = turns.setdefault(visitor.customer_id, asyncio.Lock())
        try:
            async with turn, form_of(request) as form:  # a customer's second file is not even read before the first is done
                client_id, received, content = await read_file(form, visitor, request.app.state.unpacking)
        except SaidBefore as before:
            return json_answer({"seq": before.seq}, 202)
        kind = "file"
    else:
        given = await body.json_object(request)
        client_id = body.text(given, "client_id", LONGEST_CLIENT_ID)
        received, content = read_words(given), b""
        kind = "choice" if "choice" in received else "text"
    await in_database(known, visitor)
    try:
        seq = await in_database(inbox.receive, visitor.conversation_id, visitor.customer_id, client_id, clock.now(), **received)
    except inbox.UnknownChoice as unknown:
        raise wrong("choice", "这个选项没有在对话里出现过") from unknown
    if kind == "file":  # erasing another customer may have taken the same bytes away before this row needed them
        try:
            await asyncio.to_thread(evidence_store.keep_original, received["file"].sha256, content)
        except OSError as fault:  # accepted it is all the same
            logger.error("cannot look after the original: %s", fault)
    measure.ACCEPTED.labels(kind).inc()
    told = {"conversation": visitor.conversation_id, "seq": seq}
    logger.info("accepted", extra={"fields": told})
    bursts_of(request).wake(visitor.conversation_id, at_once=kind == "choice")
    hub_of(request).changed(visitor.conversation_id)
    return json_answer({"seq": seq}, 202)


def known(visitor: Visitor) -> None:
    with open_session(read_only=True) as session:
        conversation_of(session, visitor)


def read_words(given: dict[str, Any]) -> dict[str, Any]:
    """A text or a choice out of the JSON body, one of the two."""
    text = body.optional_text(given, "text", LONGEST_TEXT)
    choice = body.optional_text(given, "choice", 500)
    if (text is None) == (choice is None):
        raise wrong("text", "text 和 choice 要有一个,也只能有一个")
    if choice is not None:
        return {"choice": choice}
    return {"text": body.text(given, "text", LONGEST_TEXT).strip()}


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[FormData]:
    async with request.form(max_files=1, max_fields=3, max_part_size=16 * 1024) as form:
        yield form


async def read_file(form: FormData, visitor: Visitor, unpacking: asyncio.Semaphore) -> tuple[str, dict[str, Any], bytes]:
    """client_id, the checked file and its content out of a form. The file is on disk before its message is a row. Raises Problem, SaidBefore."""
    fields: dict[str, Any] = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    client_id = body.text(fields, "client_id", LONGEST_CLIENT_ID)
    text = body.optional_text(fields, "text", LONGEST_TEXT)
    kind = body.optional_text(fields, "kind", 100)
    if kind is not None and kind not in upload.KINDS:
        raise wrong("kind", f"应为 {'、'.join(upload.KINDS)} 之一")
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise wrong("file", "需要一个文件(JPEG、PNG、WebP 或 MP4)")
    content = await file.read()
    if not content:
        raise wrong("file", "文件是空的")
    await in_database(check_room, visitor, client_id, len(content))
    try:
        async with unpacking:
            examined = await asyncio.to_thread(media.examine, content)
    except media.BadMedia as bad:
        raise Problem(400, "bad_file", f"file:{bad}") from bad
    if kind == "video" and examined.media_type != "video/mp4":
        raise wrong("kind", "这是图片,不是视频")
    upload_id = evidence_store.new_id()
    try:
        sha256 = await asyncio.to_thread(evidence_store.keep, upload_id, content, examined)
    except OSError as full:
        logger.error("cannot keep a file: %s", full.strerror)
        raise Problem(503, "unavailable", "系统暂时存不了文件,请稍后再试;没有任何内容被改动", {"Retry-After": "2"}) from full
    stored = inbox.File(upload_id, examined.media_type, sha256, len(content), kind)
    return client_id, {"file": stored, "text": (text or "").strip()}, content


def check_room(visitor: Visitor, client_id: str, size: int) -> None:
    """Raises Problem where a customer's files would fill the disk, SaidBefore where the message is there: its file would be nobody's."""
    with open_session(read_only=True) as session:
        conversation_of(session, visitor)
        seq = session.scalar(
            select(models.Message.seq).where(models.Message.conversation_id == visitor.conversation_id, models.Message.client_id == client_id)
        )
        if seq is not None:
            raise SaidBefore(seq)
        kept = session.scalar(select(func.sum(models.Upload.size)).where(models.Upload.conversation_id == visitor.conversation_id)) or 0
        if kept + size > MOST_KEPT:
            raise Problem(413, "too_many_files", f"file:这个对话里的文件加起来不能超过 {MOST_KEPT // 2**20} MB,请联系人工客服")


async def get_messages(request: Request) -> Response:
    """GET /api/v1/messages?after&wait: at once where there is something new, else as soon as there is."""
    visitor = visitor_of(request)
    after = body.query_whole(request, "after", 0)
    wait = body.query_seconds(request, "wait", LONGEST_WAIT)
    deadline = time.monotonic() + wait
    if hub_of(request).crowded(visitor.conversation_id):
        raise Problem(429, "too_many", "这个对话打开得太多了,请关掉几个再试", {"Retry-After": "5"})
    with hub_of(request).listen(visitor.conversation_id) as news:
        found = await in_database(fetch, visitor, after)
        owner = found["owner"]
        while not found["messages"] and found["owner"] == owner:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                heard = await asyncio.wait_for(news.get(), left)
            except asyncio.TimeoutError:
                break
            if heard["type"] == "changed":
                found = await in_database(fetch, visitor, after)
    return json_answer(found)


def fetch(visitor: Visitor, after: int) -> dict[str, Any]:
    with open_session(read_only=True) as session:
        conversation = conversation_of(session, visitor)
        return {"messages": timeline.messages(session, visitor.conversation_id, after), **timeline.standing(session, conversation)}


async def get_case(request: Request) -> Response:
    """GET /api/v1/case"""
    return json_answer(await in_database(case_for, visitor_of(request)))


def case_for(visitor: Visitor) -> dict[str, Any]:
    with open_session(read_only=True) as session:
        conversation_of(session, visitor)
        row = latest_case(session, visitor)
        document = export.customer_document(session, row.case_id) if row is not None else None
        if document is None:
            raise Problem(404, "not_found", "这个对话里还没有售后单")
        document["messages"] = timeline.messages(session, visitor.conversation_id, 0)
        return document


def latest_case(session: Session, visitor: Visitor, states: tuple[str, ...] = ()) -> models.Case | None:
    query = select(models.Case).where(
        models.Case.conversation_id == visitor.conversation_id, models.Case.customer_id == visitor.customer_id
    )
    if states:
        query = query.where(models.Case.state.in_(states))
    row: models.Case | None = session.scalars(query.order_by(models.Case.updated_at.desc(), models.Case.opened_at.desc())).first()
    return row


async def get_orders(request: Request) -> Response:
    """GET /api/v1/orders"""
    return json_answer({"orders": await in_database(orders_for, visitor_of(request))})


def orders_for(visitor: Visitor) -> list[dict[str, Any]]:
    with open_session(read_only=True) as session:
        conversation_of(session, visitor)
        return orders_of(session, visitor.customer_id)


def orders_of(session: Session, customer_id: str) -> list[dict[str, Any]]:
    return [
        {
            "order_id": line.order_id, "line_id": line.line_id, "title": line.title, "spec": line.spec, "quantity": line.quantity,
            "paid_fen": line.unit_paid_fen * line.quantity, "status": line.status,
            "paid_at": line.paid_at.astimezone(SHOP_ZONE).isoformat() if line.paid_at else None,
        }
        for line in listing.lines_of(session, customer_id)
    ]


async def get_file(request: Request) -> Response:
    """GET /api/v1/files/{upload_id}: the copy without metadata, of this conversation only."""
    visitor = visitor_of(request)
    upload_id = body.path_id(request, "upload_id")
    media_type = await in_database(file_for, visitor, upload_id)
    return shown_file(upload_id, media_type)


def file_for(visitor: Visitor, upload_id: str) -> str:
    with open_session(read_only=True) as session:
        conversation_of(session, visitor)
        row = session.get(models.Upload, upload_id)
        if row is None or row.conversation_id != visitor.conversation_id:
            raise Problem(404, "not_found", "没有这个文件")
        return str(row.media_type)


def shown_file(upload_id: str, media_type: str) -> Response:
    """The copy to show; its type is what was made, a JPEG or an MP4."""
    path = evidence_store.shown_path(upload_id)
    if not path.exists():
        raise Problem(404, "not_found", "文件已不在")
    shown = "video/mp4" if media_type == "video/mp4" else "image/jpeg"
    return FileResponse(path, media_type=shown, headers={"Cache-Control": "private, max-age=3600"})


async def rate(request: Request) -> Response:
    """POST /api/v1/rating"""
    visitor = visitor_of(request)
    given = await body.json_object(request)
    await rates_of(request).take(visitor.customer_id)
    stars = body.whole(given, "stars", 1, 5)
    text = body.optional_text(given, "text", 500)
    await in_database(note_rating, visitor, stars, text)
    return Response(status_code=204)


def note_rating(visitor: Visitor, stars: int, text: str | None) -> None:
    with open_session() as session:
        conversation_of(session, visitor)
        row = latest_case(session, visitor, ENDED)
        if row is None:
            raise Problem(409, "nothing_ended", "还没有办结的售后单可以评价")
        audit.write(session, clock.now(), "customer", "rating", row.case_id, stars=stars, text=text, agent=row.claimed_by)


async def transcript(request: Request) -> Response:
    """GET /api/v1/transcript"""
    text = await in_database(transcript_for, visitor_of(request))
    headers = {"Content-Disposition": 'attachment; filename="heqi-transcript.txt"'}
    return PlainTextResponse(text, headers=headers)


def transcript_for(visitor: Visitor) -> str:
    with open_session(read_only=True) as session:
        conversation_of(session, visitor)
        lines = []
        rows = session.scalars(
            select(models.Message).where(models.Message.conversation_id == visitor.conversation_id).order_by(models.Message.seq)
        )
        for row in rows:
            who = SPEAKERS[row.sender] + (row.author or "")
            lines.append(f"[{row.at.astimezone(SHOP_ZONE):%Y-%m-%d %H:%M:%S}] {who}:{row.text}")
        return "\n".join(lines) + "\n"


async def demo_customers(_request: Request) -> Response:
    """GET /demo/customers: the demo shop's customers with tokens, as a shop's own server would sign them."""
    if not settings().demo:
        raise Problem(404, "not_found", "没有这个地址")
    return json_answer({"customers": await in_database(demo_list)})


def demo_list() -> list[dict[str, Any]]:
    shown = select(models.Customer).order_by(models.Customer.customer_id).limit(50)
    if settings().shop_secret != DEMO_SECRET:
        # A shop's own customers: with its own secret their tokens open something, and HEQI_DEMO is true unless it is told.
        shown = shown.where(models.Customer.customer_id.startswith("cus_demo_", autoescape=True))
    with open_session(read_only=True) as session:
        return [
            {
                "customer_id": customer.customer_id, "name": customer.name, "tier": customer.tier,
                "customer_token": bearer.shop_token(customer.customer_id), "orders": orders_of(session, customer.customer_id),
            }
            for customer in session.scalars(shown)
        ]
