"""Numbers that name something: orders, parcels, telephones, identity cards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.language.entity import Found

GROUPED = r"\d(?:[ -]?\d)"
PARCEL_PREFIX = r"(?:sf|yt|jdv|jdx|jd|zto|sto|yd|jt|db|ems|kk|ky|stj)"

IDENTITY_CARD = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx](?![\da-z])")
PHONE = re.compile(r"(?<![\da-z])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)|(?<!\d)400[- ]?\d{3}[- ]?\d{4}(?!\d)")
ORDER = re.compile(r"(?<![\da-z])(?:\d{16,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?|\d{1,3}(?:[ -]\d{4}){4})(?![\d])")
NAMED_ORDER = re.compile(r"订单(?:编?号)?(?:码)?[是为:,。]{0,2}(?P<id>[a-z]{0,4}_?\d[\da-z_-]{5,23})(?![\da-z])")
OUR_ORDER = re.compile(r"(?<![\da-z])ord_[\da-z_]{2,24}(?![\da-z])")
PARCEL = re.compile(rf"(?<![\da-z]){PARCEL_PREFIX}[ -]?\d(?:[ -]?\d){{8,14}}(?![\da-z])|(?<![\da-z])[a-z]{{2,4}}\d{{11,15}}(?![\da-z])")
NAMED_PARCEL = re.compile(r"(?:快递|运|物流|取件)(?:单)?(?:编?号|码)?[是为:,]{0,2}(?P<id>[a-z]{0,4}\d{8,20})(?![\da-z])")
BARE_PARCEL = re.compile(r"(?<![\da-z.])\d{12,15}(?!\d)")


def identifiers(text: str, now: datetime) -> Iterator[Found]:
    """Order numbers, tracking numbers, telephones and identity cards, most trusted first.

    Douyin's order numbers have 16 to 19 digits, parcels' 12 to 15 or a carrier's letters in front.
    """
    for match in NAMED_PARCEL.finditer(text):
        yield Found("tracking_number", match["id"].upper(), match.start("id"), match.end("id"))
    for match in PARCEL.finditer(text):
        yield Found("tracking_number", re.sub(r"[ -]", "", match[0]).upper(), match.start(), match.end())
    for match in OUR_ORDER.finditer(text):
        yield Found("order_number", match[0], match.start(), match.end())
    for match in NAMED_ORDER.finditer(text):
        if not PHONE.fullmatch(match["id"]):
            yield Found("order_number", match["id"], match.start("id"), match.end("id"))
    for match in IDENTITY_CARD.finditer(text):
        yield Found("id_card", match[0].upper(), match.start(), match.end())
    for match in ORDER.finditer(text):
        yield Found("order_number", re.sub(r"\D", "", match[0]), match.start(), match.end())
    for match in PHONE.finditer(text):
        yield Found("phone", re.sub(r"[ +-]", "", match[0]), match.start(), match.end())
    for match in BARE_PARCEL.finditer(text):
        yield Found("tracking_number", match[0], match.start(), match.end())
