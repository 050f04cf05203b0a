"""Reads a case and refuses what cannot be: unknown fields, wrong types, facts that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec

from bot.aftersales.case import Case, Line, PastEntry


class BadCase(ValueError):
    """A case that cannot be judged. `field` is the path in the input, `wanted` says what would be right."""

    def __init__(self, field: str, wanted: str) -> None:
        super().__init__(f"{field}: {wanted}")
        self.field = field
        self.wanted = wanted


def read_case(raw: bytes | str | dict[str, Any]) -> Case:
    """A case in contracts.md section 3's format → Case.

    A null where contracts.md lets a key be absent means the same as absent. Raises BadCase.
    """
    if isinstance(raw, (bytes, str)):
        try:
            raw = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise BadCase("(line)", f"不是一个 JSON 对象：{wrong}") from wrong
    if not isinstance(raw, dict):
        raise BadCase("(line)", "应为一个 JSON 对象")
    try:
        case = msgspec.convert(raw, Case)
    except msgspec.ValidationError:
        try:
            case = msgspec.convert(without_nulls(raw, Case), Case)
        except msgspec.ValidationError as wrong:
            raise _explained(wrong) from wrong
    check(case)
    return case


def _explained(wrong: msgspec.ValidationError) -> BadCase:
    """msgspec's 「Expected `int` >= 0 - at `$.order.freight_fen`」 → field and what would be right."""
    wanted, _, path = str(wrong).partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    named = re.search(r"(unknown|required) field `([^`]+)`", wanted)
    if named:
        field = f"{field}.{named[2]}" if field else named[2]
        wanted = "不认识的字段，应去掉或改名" if named[1] == "unknown" else "缺少这个字段"
    elif "timezone" in wanted:
        wanted = f"时间要带时区，例如 2026-11-25T10:00:00+08:00（{wanted}）"
    return BadCase(field or "(line)", wanted)


def without_nulls(raw: Any, kind: Any) -> Any:
    """Drops nulls of fields that the record type knows, so that they take their default; others stay."""
    if isinstance(raw, list):
        return [without_nulls(item, kind) for item in raw]
    if not isinstance(raw, dict):
        return raw
    fields = _fields(kind)
    return {
        name: without_nulls(value, fields[name]) if fields.get(name) else value
        for name, value in raw.items()
        if value is not None or name not in fields
    }


_FIELDS: dict[Any, dict[str, Any]] = {}


def _fields(kind: Any) -> dict[str, Any]:
    """Field name as written in JSON → the record type inside it, or None where there is none."""
    if kind not in _FIELDS:
        hints = get_type_hints(kind)
        _FIELDS[kind] = {
            written: next(_records(hints[name]), None)
            for name, written in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
        }
    return _FIELDS[kind]


def _records(hint: Any) -> Iterator[Any]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for part in get_args(hint):
        yield from _records(part)


def check(case: Case) -> None:
    """Refuses facts that contradict each other. Raises BadCase."""
    order = case.order
    line = _line(case)
    if case.sku.sku_id != line.sku_id:
        raise BadCase("sku.sku_id", f"不是该订单行的商品：应为 {line.sku_id}，收到 {case.sku.sku_id}")
    if case.customer.customer_id != order.customer_id:
        raise BadCase("customer.customer_id", f"不是下单的顾客：应为 {order.customer_id}")
    _check_times(case)
    for number, each in enumerate(order.lines):
        if any(other.line_id == each.line_id for other in order.lines[:number]):
            raise BadCase(f"order.lines[{number}].line_id", f"{each.line_id} 出现了两次")
    for where, entries in (("order.history", order.history), ("history", case.history)):
        for number, entry in enumerate(entries):
            _check_entry(case, f"{where}[{number}]", entry)
    for each in order.lines:
        _check_returns(case, each)


def _line(case: Case) -> Line:
    for line in case.order.lines:
        if line.line_id == case.line_id:
            return line
    known = "、".join(line.line_id for line in case.order.lines)
    raise BadCase("line_id", f"订单里没有 {case.line_id}，应为 {known} 之一")


def _check_times(case: Case) -> None:
    order, now = case.order, case.now
    paid, shipped, delivered = order.paid_at, order.shipped_at, order.delivered_at
    if paid and paid > now:
        raise BadCase("order.paid_at", "晚于 now，付款不能在将来")
    if shipped and shipped > now:
        raise BadCase("order.shipped_at", "晚于 now，发货不能在将来")
    if delivered and delivered > now:
        raise BadCase("order.delivered_at", "晚于 now，签收不能在将来")
    if shipped and paid and shipped < paid:
        raise BadCase("order.shipped_at", "早于付款时间 paid_at，应在付款之后")
    if delivered and paid and delivered < paid:
        raise BadCase("order.delivered_at", "早于付款时间 paid_at，应在付款之后")
    if delivered and shipped and delivered < shipped:
        raise BadCase("order.delivered_at", "早于发货时间 shipped_at，应在发货之后")
    if order.promised_ship_by and paid and order.promised_ship_by < paid:
        raise BadCase("order.promised_ship_by", "早于付款时间 paid_at，应在付款之后")
    if order.status == "paid" and shipped:
        raise BadCase("order.shipped_at", "状态为 paid（未发货）的订单不应有发货时间")
    if order.status in ("paid", "shipped") and delivered:
        raise BadCase("order.delivered_at", f"状态为 {order.status} 的订单不应有签收时间")
    if case.price and case.price.at > now:
        raise BadCase("price.at", "晚于 now，应为现价生效的时间")


def _check_entry(case: Case, where: str, entry: PastEntry) -> None:
    if entry.at > case.now:
        raise BadCase(f"{where}.at", "晚于 now，历史不能在将来")
    if case.order.paid_at and entry.at < case.order.paid_at:
        raise BadCase(f"{where}.at", "早于付款时间 order.paid_at")
    if entry.line_id is None:
        return
    line = next((each for each in case.order.lines if each.line_id == entry.line_id), None)
    if line is None:
        raise BadCase(f"{where}.line_id", f"订单里没有 {entry.line_id}")
    if entry.quantity is not None and entry.quantity > line.quantity:
        raise BadCase(f"{where}.quantity", f"多于购买的件数 {line.quantity}")


def _check_returns(case: Case, line: Line) -> None:
    for where, entries in (("order.history", case.order.history), ("history", case.history)):
        returned = sum(
            entry.quantity or 0
            for entry in entries
            if entry.kind == "refund"
            and entry.line_id == line.line_id
            and (entry.fen is None or entry.fen * 2 >= (entry.quantity or 0) * line.unit_paid_fen)
        )
        if returned > line.quantity:
            raise BadCase(f"{where}.quantity", f"退回的件数 {returned} 多于购买的 {line.quantity}")
