"""A customer's side of the table: cases to play and the protocol as a stream, in this process or another."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Case
from bot.aftersales.facts import read_case
from bot.aftersales.policy import Policy
from bot.command.negotiate import Table
from bot.negotiation.negotiation import Negotiation
from bot.negotiation.terms import read_terms
from tests.aftersales.build import ALL_PICTURES, NOW, SHIPPED, price, protection, raw_case

POLICY = Policy()
TERMS = read_terms()

CASES: dict[str, dict[str, Any]] = {
    "return owed, part refund beside it": raw_case("return_goods", ["not_as_described"], unit=25900, evidence=["photo"]),
    "three legal remedies": raw_case("refund", ["quality_defect"], unit=8900, evidence=["photo"]),
    "compensation for a defect": raw_case("compensation", ["quality_defect"], unit=8900, evidence=["photo"]),
    "negotiable only": raw_case("refund", ["quality_defect"], unit=8900, evidence=["photo"], facts={"minor_defect": True}),
    "part missing": raw_case("refund", ["missing_item"], unit=8900, evidence=ALL_PICTURES, facts={"affected_share": 0.25}),
    "wrong item": raw_case("exchange", ["wrong_item"], unit=8900, evidence=ALL_PICTURES),
    "change of mind": raw_case("return_goods", ["change_of_mind"], unit=8900),
    "a coupon at the limit": raw_case("compensation", ["change_of_mind"], unit=8900, now=NOW + timedelta(days=28)),
    "late on the way": raw_case(
        "compensation", ["late_delivery"], unit=8900, shipped=SHIPPED + timedelta(days=6), delivered=None,
        status="shipped", now=SHIPPED + timedelta(days=7),
    ),
    "price difference": raw_case(
        "price_protection", ["price_drop"], labels=["price_protection"], protection=protection(), price=price()
    ),
    "needs evidence": raw_case("refund", ["quality_defect"], unit=8900),
    "refused": raw_case("compensation", ["late_delivery"], unit=8900),
    "a person's": raw_case("refund", ["safety"], unit=8900, facts={"safety_kind": "injury"}),
}


def judge(case: Case) -> Assessment:
    return assess(case, POLICY)


def opened(raw: dict[str, Any]) -> Negotiation:
    """The negotiation of a case as the command opens it."""
    case = read_case(raw)
    return Negotiation.open(case, judge(case), TERMS, judge)


def played(*records: Any) -> list[dict[str, Any]]:
    """What the shop prints when it reads these records (strings are sent as they are)."""
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    out = io.StringIO()
    Table(io.StringIO("".join(line + "\n" for line in lines)), out, POLICY).serve()
    return [json.loads(line) for line in out.getvalue().splitlines()]


class Process:
    """`heqi negotiate` as another program sees it: one line in, lines out."""

    def __init__(self, *arguments: str) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-c", "from bot.command import main; main()", "negotiate", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def say(self, record: Any) -> dict[str, Any]:
        assert self.running.stdin is not None
        line = record if isinstance(record, bytes) else json.dumps(record, ensure_ascii=False).encode()
        self.running.stdin.write(line + b"\n")
        self.running.stdin.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        assert self.running.stdout is not None
        answer: dict[str, Any] = json.loads(self.running.stdout.readline())
        return answer

    def end(self) -> tuple[bytes, int]:
        """What is still printed after the input ends, and the exit status."""
        rest, _ = self.running.communicate(timeout=60)
        return rest, self.running.returncode
