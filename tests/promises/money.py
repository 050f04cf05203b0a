"""What must hold of a customer's money, read straight from the database, past the code under attack."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bot.store.database import READ_ONLY, engine

MONEY = ("refund", "refund_part", "return_refund", "price_difference")
GOODS = ("exchange", "resend", "repair")
SIDE = ("freight", "medical")
"""Paid beside a debt, settling nothing of it."""
WORTH = (*MONEY, "coupon", "gift")

LINES = """
SELECT l.line_id, l.unit_paid_fen, l.quantity FROM order_lines l JOIN orders o ON o.order_id = l.order_id WHERE o.customer_id = :customer"""
ENTRIES = """
SELECT e.entry_id, e.line_id, e.case_id, e.cause, e.remedy, e.fen, e.cost_fen, e.created_at,
  (SELECT s.kind FROM ledger_steps s WHERE s.entry_id = e.entry_id ORDER BY s.seq DESC LIMIT 1) AS step,
  (SELECT count(*) FROM ledger_steps s WHERE s.entry_id = e.entry_id AND s.kind = 'accepted') AS accepted,
  (SELECT count(*) FROM ledger_steps s WHERE s.entry_id = e.entry_id AND s.kind = 'confirmed') AS confirmed,
  (SELECT s.by FROM ledger_steps s WHERE s.entry_id = e.entry_id AND s.kind = 'promised') AS by
FROM ledger_entries e JOIN orders o ON o.order_id = e.order_id WHERE o.customer_id = :customer"""
PAYOUTS = "SELECT p.key, p.line_id, p.remedy, p.fen FROM payouts p JOIN orders o ON o.order_id = p.order_id WHERE o.customer_id = :customer"
CASES = """
SELECT case_id, line_id, state, coalesce(floor_fen, 0) AS floor_fen, coalesce(cap_fen, 0) AS cap_fen
FROM cases WHERE customer_id = :customer ORDER BY updated_at DESC, opened_at, case_id"""
OFFERS = """
SELECT f.offer_id, f.case_id, f.by, f.at, f.options, f.answer FROM offers f JOIN cases c ON c.case_id = f.case_id WHERE c.customer_id = :customer"""
RAISED = "SELECT a.case_id FROM audit_entries a JOIN cases c ON c.case_id = a.case_id WHERE a.what = 'raise_cap' AND c.customer_id = :customer"


class Money(msgspec.Struct, frozen=True):
    """Rows by their ids, as they stood at one moment; all amounts in fen."""

    lines: dict[str, dict[str, Any]]
    entries: dict[str, dict[str, Any]]
    payouts: dict[str, dict[str, Any]]
    cases: dict[str, dict[str, Any]]
    offers: dict[str, dict[str, Any]]
    raised: frozenset[str]

    def standing(self, **of: str) -> list[dict[str, Any]]:
        """Entries that were neither cancelled nor reversed, of this line_id or case_id."""
        stand = (entry for entry in self.entries.values() if entry["step"] not in {"cancelled", "reversed"})
        return [entry for entry in stand if all(entry[name] == value for name, value in of.items())]

    def spent(self, case_id: str) -> int:
        """What counts against the case's cap: money, and what coupons and gifts cost."""
        standing = self.standing(case_id=case_id)
        return sum(int(entry["fen"]) if entry["remedy"] in MONEY else int(entry["cost_fen"]) for entry in standing if entry["remedy"] in WORTH)

    def owed(self, case_id: str) -> int:
        """What of the case's floor is neither promised nor replaced, nor given up for something else that the customer took."""
        if any(entry["remedy"] in GOODS for entry in self.standing(case_id=case_id)):
            return 0
        floor = int(self.cases[case_id]["floor_fen"])
        for offer in self.offers.values():
            answer = offer["answer"] or {}
            took = answer.get("act") == "accept" and "refused" not in answer
            if offer["case_id"] == case_id and took and any(enough(option, floor) for option in offer["options"]):
                return 0
        return max(0, floor - sum(entry["fen"] for entry in self.standing(case_id=case_id) if entry["remedy"] in MONEY))


def enough(option: dict[str, Any], owed: int) -> bool:
    """Whether whoever takes this has got what the law gives: the money, or goods that work."""
    return option["remedy"] in GOODS or (option["remedy"] in MONEY and option["fen"] >= owed)


def money_of(customer: str) -> Money:
    with engine().connect().execution_options(**{READ_ONLY: True}) as connection:

        def rows(statement: str, key: str) -> dict[str, dict[str, Any]]:
            return {row[key]: dict(row) for row in read(connection, statement, customer)}

        offers = rows(OFFERS, "offer_id")
        for offer in offers.values():
            for name in ("options", "answer"):
                if isinstance(offer[name], str):  # SQLite keeps JSON as text
                    offer[name] = msgspec.json.decode(offer[name])
        raised = frozenset(row["case_id"] for row in read(connection, RAISED, customer))
        return Money(rows(LINES, "line_id"), rows(ENTRIES, "entry_id"), rows(PAYOUTS, "key"), rows(CASES, "case_id"), offers, raised)


def read(connection: Connection, statement: str, customer: str) -> list[Any]:
    return list(connection.execute(text(statement), {"customer": customer}).mappings())


def too_much(money: Money, lowest_price: int) -> str | None:
    """How the shop pays too much, or twice; None where it does not. `lowest_price`: what a piece ever cost since, in fen."""
    for line_id, line in money.lines.items():
        paid_for_it = line["unit_paid_fen"] * line["quantity"]
        standing = money.standing(line_id=line_id)
        paid = sum(payout["fen"] for payout in money.payouts.values() if payout["line_id"] == line_id and payout["remedy"] in MONEY)
        promised = sum(entry["fen"] for entry in standing if entry["remedy"] in MONEY)
        if max(paid, promised) > paid_for_it:
            return f"{max(paid, promised)} of {paid_for_it} paid for the line"
        difference = sum(entry["fen"] for entry in standing if entry["remedy"] == "price_difference" and entry["by"] == "bot")
        if difference > max(0, line["unit_paid_fen"] - lowest_price) * line["quantity"]:
            return f"{difference} for a price that fell from {line['unit_paid_fen']} to {lowest_price}, {line['quantity']} pieces"
        whole = [entry for entry in standing if entry["remedy"] in ("refund", "return_refund") and entry["fen"] == paid_for_it]
        replaced = [entry for entry in standing if entry["remedy"] in ("exchange", "resend") and not entry["confirmed"]]
        if whole and replaced:
            return "the whole price and new goods"
    for case_id, case in money.cases.items():
        if money.spent(case_id) > case["cap_fen"]:
            return f"{money.spent(case_id)} with a cap of {case['cap_fen']}"
        line = money.lines.get(case["line_id"])
        if line is not None and case["cap_fen"] > line["unit_paid_fen"] * line["quantity"] and case_id not in money.raised:
            return f"a cap of {case['cap_fen']} for a line of {line['unit_paid_fen'] * line['quantity']}, and no person raised it"
    for key, payout in money.payouts.items():
        of = money.entries.get(key)
        if of is None or not of["accepted"] or (of["fen"], of["remedy"]) != (payout["fen"], payout["remedy"]):
            return f"a payout without its accepted entry: {payout}, {of}"
    for entry in money.entries.values():
        if entry["confirmed"] > 1 or (entry["confirmed"] and entry["entry_id"] not in money.payouts):
            return f"confirmed without a payout, or twice: {entry}"
    return taken_twice(money)


def taken_twice(money: Money) -> str | None:
    """An agent's offer of money is taken once, and not after other money of the case, whoever gave it: it is gone with that."""
    of_offer: dict[str, dict[str, Any]] = {}
    for entry in money.standing():
        offer_id = entry["cause"].rpartition("/")[2]
        if offer_id not in money.offers:
            continue
        if offer_id in of_offer:
            return f"one offer taken twice: {entry}, {of_offer[offer_id]}"
        of_offer[offer_id] = entry
    for offer_id, later in of_offer.items():
        for earlier in money.standing(case_id=later["case_id"]):
            both = {earlier["remedy"], later["remedy"]} <= set(MONEY)
            if both and money.offers[offer_id]["at"] < earlier["created_at"] < later["created_at"]:
                return f"money was given since this was offered, and the offer was taken besides: {earlier}, {later}"
    return None


ENDED = ("settled", "awaiting_return")


def too_little(before: Money, after: Money) -> str | None:
    """How one act gave the customer less than the law; None where it did not.

    An offer must hold something that gives what is still owed; a case may end by a payment only where nothing
    is owed any more, and by a refusal only where nothing ever was.
    """
    for offer_id, offer in after.offers.items():
        if offer_id in before.offers:
            continue
        owed = after.owed(offer["case_id"])
        beside = all(option["remedy"] in SIDE for option in offer["options"])
        if owed and not beside and not any(enough(option, owed) for option in offer["options"]):
            return f"{offer['by']} offers {offer['options']} where {owed} is owed"
    for case_id, case in after.cases.items():
        earlier = before.cases.get(case_id, {}).get("state")
        if case["state"] == earlier:
            continue
        if case["state"] in ENDED and after.owed(case_id):
            return f"{case['state']}, and {after.owed(case_id)} still owed"
        if case["state"] == "refused" and after.owed(case_id):
            return f"refused, and {after.owed(case_id)} owed"
    return None
