"""The dossier of a case for the platform (商家证据包, rules.md section 4): everything that happened, in order.

It is the case's document (bot.cases.export) with order, terms, logistics, prices, authors and the kept
assessments beside it, and the same as tables that people read. What identifies a person is hidden
unless the dossier is for the platform, which has to check it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aftersales import catalogue
from bot.aftersales.money import yuan
from bot.cases import export, judgement
from bot.cases.upload import TOLD
from bot.clock import SHOP_ZONE
from bot.language.masking import mask
from bot.store import models

FILE = Path(__file__).with_name("dossier.yml")

FREE_TEXT = frozenset({"text", "label", "said", "note", "why", "outcome", "promised", "address", "phone"})
"""Keys whose values people typed; hidden details are looked for there, never in ids."""


class Table(msgspec.Struct, frozen=True):
    """One section: its title, its columns (none: name and value), its rows as text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Picture(msgspec.Struct, frozen=True):
    """One file of evidence. `upload_id` is None where it was only announced in words."""

    evidence_id: str
    kind: str
    sha256: str
    upload_id: str | None
    media_type: str | None


class Dossier(msgspec.Struct, frozen=True):
    """`document` is the whole as JSON, `tables` the same for people, `policies` version → YAML."""

    case_id: str
    masked: bool
    document: dict[str, Any]
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    policies: dict[str, str]


@cache
def names() -> dict[str, Any]:
    """The names of `dossier.yml`."""
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def name(kind: str, value: Any) -> str:
    return str(names()[kind].get(value, value)) if value is not None else ""


def of(session: Session, case_id: str, *, for_platform: bool) -> Dossier | None:
    """The dossier; None where there is no such case."""
    document = export.case_document(session, case_id)
    row = session.get(models.Case, case_id)
    if document is None or row is None:
        return None
    order = session.get(models.Order, row.order_id) if row.order_id else None
    line = session.get(models.OrderLine, (row.order_id, row.line_id)) if row.order_id else None
    sku = session.get(models.Sku, line.sku_id) if line else None
    kept = judgement.kept(session, case_id)
    document["order"] = columns(order)
    document["line"] = columns(line)
    document["sku"] = columns(sku)
    document["prices"] = [columns(price) for price in prices(session, sku)]
    document["messages"] = messages(session, row)
    document["assessments"] = [
        {"at": each.at.isoformat(), "policy_version": each.policy_version, **each.result} for each in kept
    ]
    document["audit"] = audit(session, case_id)
    versions = {each.policy_version for each in kept} | ({str(row.policy_version)} if row.policy_version else set())
    policies = {
        version: str(found.yaml)
        for version in sorted(versions) if (found := session.get(models.PolicyVersion, version)) is not None
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    if not for_platform:
        plain = hidden(plain)
    return Dossier(case_id, not for_platform, plain, tables(plain), pictures(session, case_id), policies)


def columns(row: Any) -> dict[str, Any] | None:
    """A stored row as column → value."""
    return None if row is None else {column.key: getattr(row, column.key) for column in row.__table__.columns}


def prices(session: Session, sku: models.Sku | None) -> list[models.Price]:
    if sku is None:
        return []
    return list(session.scalars(select(models.Price).where(models.Price.sku_id == sku.sku_id).order_by(models.Price.at)))


def messages(session: Session, row: models.Case) -> list[dict[str, Any]]:
    """Every message with its author: an agent by name, else who speaks."""
    found = session.scalars(
        select(models.Message).where(models.Message.conversation_id == row.conversation_id).order_by(models.Message.seq)
    )
    return [
        {
            "seq": each.seq, "at": each.at, "from": each.sender, "author": each.author, "text": each.text,
            "choices": each.choices, "choice": each.choice, "card": each.card,
        }
        for each in found
    ]


def audit(session: Session, case_id: str) -> list[dict[str, Any]]:
    """What was done; assessments stand in a part of their own with their facts left out, they are in the document."""
    found = session.scalars(
        select(models.AuditEntry).where(models.AuditEntry.case_id == case_id).order_by(models.AuditEntry.audit_id)
    )
    return [
        {"at": each.at, "who": each.who, "what": each.what, "detail": {} if each.what == judgement.KEPT else each.detail}
        for each in found
    ]


def pictures(session: Session, case_id: str) -> tuple[Picture, ...]:
    found = session.scalars(select(models.Evidence).where(models.Evidence.case_id == case_id).order_by(models.Evidence.at))
    made = []
    for each in found:
        upload = None if each.path.startswith(TOLD) else session.get(models.Upload, each.path)
        made.append(Picture(
            each.evidence_id, each.kind, each.sha256, upload.upload_id if upload else None,
            upload.media_type if upload else None,
        ))
    return tuple(made)


def hidden(value: Any, free: bool = False, *, hide: Callable[[str], str] = mask) -> Any:
    """The document with telephones, addresses and names hidden in everything that people typed."""
    if isinstance(value, dict):
        return {key: hidden(item, free or key in FREE_TEXT, hide=hide) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item, free, hide=hide) for item in value]
    return hide(value) if free and isinstance(value, str) else value


def tables(document: dict[str, Any]) -> tuple[Table, ...]:
    """The document as sections for people, empty ones left out."""
    made = [
        Table("case", (), about(document)),
        Table("order", (), goods(document)),
        Table("terms", (), terms(document)),
        Table("logistics", (), logistics(document)),
        Table("prices", ("时间", "价格", "种类"), tuple(
            (when(each["at"]), yuan(each["price_fen"]), name("price", each["kind"])) for each in document["prices"]
        )),
        Table("messages", ("序号", "时间", "谁", "内容"), tuple(
            (str(each["seq"]), when(each["at"]), author(each), each["text"]) for each in document["messages"]
        )),
        Table("evidence", ("编号", "时间", "种类", "原件 SHA-256"), tuple(
            (each["evidence_id"], when(each["at"]), name("evidence", each["kind"]), each["sha256"])
            for each in document["evidence"]
        )),
        Table("assessments", ("时间", "结论", "应付下限", "授权上限", "规则", "政策版本"), tuple(
            (
                when(each["at"]), name("decision", each["decision"]), yuan(each["floor_fen"]), yuan(each["cap_fen"]),
                "、".join(each["rules"]), each["policy_version"],
            )
            for each in document["assessments"]
        )),
        Table("rules", ("编号", "条件", "对消费者说的话", "依据"), rules(document)),
        Table("offers", ("时间", "谁", "方案", "答复"), tuple(
            (when(each["at"]), each["by"], "；".join(option["text"] for option in each["options"]), answer(each["answer"]))
            for each in document["offers"]
        )),
        Table("ledger", ("编号", "时间", "事由", "办法", "金额", "状态"), tuple(
            (
                each["id"], when(each["at"]), each["cause"], name("remedy", each["remedy"]), yuan(each["fen"]),
                name("state", each["state"]),
            )
            for each in document["ledger"]
        )),
        Table("deadlines", ("期限", "时间"), tuple((each["what"], when(each["at"])) for each in document["deadlines"])),
        Table("audit", ("时间", "谁", "做了什么"), tuple(
            (when(each["at"]), each["who"], each["what"])
            for each in document["audit"] if each["what"] != judgement.KEPT
        )),
    ]
    titles = names()["sections"]
    return tuple(msgspec.structs.replace(each, title=titles[each.title]) for each in made if each.rows)


def about(document: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    return (
        ("案件编号", document["case_id"]),
        ("会话编号", document["conversation_id"]),
        ("消费者编号", document["customer_id"] or ""),
        ("诉求", name("wish", document["wish"])),
        ("问题", "、".join(name("issue", issue) for issue in document["issues"])),
        ("状态", name("state", document["state"])),
        ("转人工原因", document["human_reason"] or "无"),
        ("政策版本", document["policy_version"] or ""),
    )


def goods(document: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    order, line, sku = document["order"], document["line"], document["sku"]
    if order is None or line is None or sku is None:
        return ()
    return (
        ("订单编号", order["order_id"]),
        ("订单行", line["line_id"]),
        ("商品", f"{sku['title']} {sku['spec']}".strip()),
        ("类目", sku["category"]),
        ("件数", str(line["quantity"])),
        ("每件实付", yuan(line["unit_paid_fen"])),
        ("其中红包", yuan(line["red_packet_fen"])),
        ("运费", yuan(order["freight_fen"])),
    )


def terms(document: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    line = document["line"]
    if line is None:
        return ()
    protection = line["price_protection"]
    shown = "；".join(f"{key} {value}" for key, value in protection.items()) if protection else "无"
    return (("页面标识", "、".join(name("label", label) for label in line["labels"]) or "无"), ("价保条款", shown))


def logistics(document: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    order = document["order"]
    if order is None:
        return ()
    facts = "；".join(f"{key} {value}" for key, value in order["facts"].items())
    rows = (
        ("订单状态", name("state", order["status"])),
        ("付款", when(order["paid_at"])),
        ("承诺发货", when(order["promised_ship_by"])),
        ("发货", when(order["shipped_at"])),
        ("签收", when(order["delivered_at"])),
        ("系统所知", facts),
    )
    return tuple(row for row in rows if row[1])


def rules(document: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The rules that decided, with their condition as it is written today and the sentence as it was said."""
    assessment = document["assessment"]
    if assessment is None:
        return ()
    conditions = {each.id: each.when for each in catalogue.rules()}
    return tuple(
        (each["rule"], conditions.get(each["rule"], ""), each["text"], each["source"])
        for each in assessment["reasons"]
    )


def author(message: dict[str, Any]) -> str:
    who = name("sender", message["from"])
    return f"{who} {message['author']}" if message["author"] else who


def answer(given: dict[str, Any] | None) -> str:
    return "未答复" if given is None else "；".join(f"{key} {value}" for key, value in given.items())


def when(text: str | None) -> str:
    """A stored time in the shop's zone, to the second; 「」 for none."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(SHOP_ZONE).strftime("%Y-%m-%d %H:%M:%S") if text else ""
