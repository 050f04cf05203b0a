"""What comes in: JSON bodies and query parameters, read field by field; every fault names its field."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request

from bot.web.problem import Problem, wrong

UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that no text of a person holds and a database may refuse: controls and lone surrogates."""

MOST_NUMBER = 2**31 - 1

ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""What an id of ours can look like; anything else names nothing and never reaches the database."""


async def json_object(request: Request) -> dict[str, Any]:
    """The body as one JSON object. Raises Problem."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "unsupported_media_type", "Content-Type:应为 application/json")
    try:
        found = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise wrong("body", "应为一个 JSON 对象") from fault
    if not isinstance(found, dict):
        raise wrong("body", "应为一个 JSON 对象")
    return found


async def optional_object(request: Request) -> dict[str, Any]:
    """As json_object; no body at all is an empty object."""
    return await json_object(request) if await request.body() else {}


def text(body: dict[str, Any], field: str, longest: int, *, least: int = 1) -> str:
    """A text of `least` to `longest` characters; what is around it (spaces) does not count."""
    found = optional_text(body, field, longest)
    if found is None or len(found.strip()) < least:
        raise wrong(field, f"应为 {least}–{longest} 个字符的文字")
    return found


def optional_text(body: dict[str, Any], field: str, longest: int) -> str | None:
    found = body.get(field)
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > longest:
        raise wrong(field, f"应为不超过 {longest} 个字符的文字")
    if UNUSABLE.search(found):
        raise wrong(field, "含有不能使用的控制字符")
    return found


def whole(body: dict[str, Any], field: str, least: int, most: int) -> int:
    """A whole number of JSON (no text, no fraction, no bool)."""
    found = body.get(field)
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise wrong(field, f"应为 {least}–{most} 的整数")
    return found


def path_id(request: Request, field: str) -> str:
    """An id out of the address. Raises Problem (404) for what can be none."""
    found = str(request.path_params[field])
    if not ID.fullmatch(found):
        raise Problem(404, "not_found", f"{field}:没有这个编号")
    return found


def query_whole(request: Request, field: str, default: int, most: int = MOST_NUMBER) -> int:
    raw = request.query_params.get(field)
    if raw is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", raw) or int(raw) > most:
        raise wrong(field, f"应为 0–{most} 的整数")
    return int(raw)


def query_seconds(request: Request, field: str, most: float) -> float:
    """Seconds to wait; more than `most` is `most`."""
    raw = request.query_params.get(field)
    if raw is None:
        return 0.0
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", raw):
        raise wrong(field, "应为不小于 0 的秒数")
    return min(float(raw), most)
