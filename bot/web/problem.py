"""What is answered when a call cannot be done: {"error": {"code", "message"}}, the message in Chinese."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.cases.desk_refused import DeskRefused
from bot.web.answer import json_answer

logger = logging.getLogger(__name__)

COMMON = {
    400: ("bad_request", "请求的内容不对"),
    404: ("not_found", "没有这个地址"),
    405: ("method_not_allowed", "这个地址不支持这种请求方法"),
    413: ("too_large", "内容太大"),
}


class Problem(Exception):
    """Answers the call with this status, code and message; nothing was done."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def wrong(field: str, wanted: str) -> Problem:
    """400, naming the field and what would be right."""
    return Problem(400, "bad_request", f"{field}:{wanted}")


def error_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return json_answer({"error": {"code": code, "message": message}}, status, headers)


async def problem(_request: Request, raised: Exception) -> Response:
    assert isinstance(raised, Problem)
    return error_answer(raised.status, raised.code, raised.message, raised.headers)


async def refused(_request: Request, raised: Exception) -> Response:
    assert isinstance(raised, DeskRefused)
    return error_answer(raised.status, raised.code, str(raised))


async def http(_request: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)
    code, message = COMMON.get(raised.status_code, ("failed", "请求没有成功"))
    return error_answer(raised.status_code, code, message, raised.headers)


def cause(fault: SQLAlchemyError) -> str:
    """What the database itself said, in a line: gone, full and read-only ask for different hands."""
    return " ".join(str(getattr(fault, "orig", None) or type(fault).__name__).split())


async def database(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, DBAPIError)
    logger.error("database fails at %s %s: %s", request.method, request.url.path, cause(raised))
    return error_answer(503, "unavailable", "系统暂时存不了消息,请稍后再试;没有任何内容被改动", {"Retry-After": "2"})


def unexpected(request: Request, raised: Exception) -> Response:
    # The path holds ids but no words of a customer; the body is never logged.
    logger.error("failed at %s %s", request.method, request.url.path, exc_info=raised)
    return error_answer(500, "failed", "系统出了点问题,我们会查;请稍后再试")


HANDLERS = {
    Problem: problem, DeskRefused: refused, HTTPException: http,
    # Gone or full; read-only, in PostgreSQL's words; cut off in the middle.
    OperationalError: database, InternalError: database, InterfaceError: database,
}
