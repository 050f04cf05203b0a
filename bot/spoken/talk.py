"""A complaint played against the running product over HTTP, in Chinese."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any, Literal

import aiohttp
import msgspec
from sqlalchemy import select

from bot.load.customer import PATIENT, Customer, Heard, Refused, photo
from bot.negotiation.act import Act
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.terms import Terms
from bot.spoken.complaint import Complaint, phrases
from bot.spoken.mind import YUAN, Mind
from bot.store.database import session
from bot.store.models import Case
from bot.web import bearer

MOST_MESSAGES = 24
ORDINALS = "一二三四五"
DONE = frozenset({"settled", "awaiting_return"})
End = Literal["bot", "person", "churn", "stuck"]


class Ended(msgspec.Struct, frozen=True):
    """How one side ended. option: the remedies and fen agreed, as in an option's id; menu: ids of the first menu;
    messages: what the customer had to send. heard: (what the customer meant, what the product noted) of every
    act spoken; opened: wish and issues of the case that was opened."""

    end: End
    option: str | None
    menu: tuple[str, ...]
    messages: int
    heard: tuple[tuple[str, str], ...] = ()
    opened: tuple[str, tuple[str, ...]] | None = None


def name_of(act: Act | None) -> str:
    if act is None:
        return "nothing"
    return f"{act.act} {act.remedy} {act.fen}" if act.act == "counter" else f"{act.act} {act.option or ''}".strip()


class Bargainer(Customer):
    """One simulated customer with the chat open."""

    def __init__(
        self, http: aiohttp.ClientSession, complaint: Complaint, terms: Terms, given: Assumptions, database_url: str
    ) -> None:
        super().__init__(http, complaint.customer_id, Heard())
        self.complaint, self.database_url = complaint, database_url
        self.mind = Mind(complaint.claim, terms, given)
        self.owner, self.sent = "bot", 0
        self.menu: list[str] = []
        self.first: tuple[str, ...] = ()
        self.standing: dict[str, str] = {}
        self.buttons: list[str] = []
        self.said: dict[str, int] = {}
        self.meant: list[tuple[str, str]] = []

    async def bargain(self) -> Ended:
        """The whole conversation. Raises Refused or aiohttp's errors where the product fails."""
        opened = await self.call("POST", "/api/v1/sessions", json={"customer_token": bearer.shop_token(self.customer_id)})
        self.headers = {"Authorization": f"Bearer {opened['token']}"}
        await self.say(self.complaint.opening())
        for _ in range(MOST_MESSAGES):
            case = await self.case()
            state = case["state"] if case else None
            if self.owner != "bot" or state == "with_person":
                return self.ended("person", case)
            if case and state in DONE:
                parts = "+".join(f"{row['remedy']}-{row['fen']}" for row in case["ledger"] if row["state"] != "cancelled")
                return self.ended("bot", case, parts)
            if state == "awaiting_evidence" and case:
                await self.show(case["assessment"]["needs"])
            elif state in {"negotiating", "refused"}:
                act = self.mind.act(list(self.standing))
                if act.act == "leave":
                    return self.ended("churn", case)
                await self.do(act)
            else:
                await self.answer()
        return self.ended("stuck", await self.case())

    def ended(self, end: End, case: dict[str, Any] | None, option: str | None = None) -> Ended:
        opened = (str(case["wish"]), tuple(case["issues"])) if case else None
        return Ended(end, option, self.first, self.sent, tuple(self.meant), opened)

    async def case(self) -> dict[str, Any] | None:
        try:
            return await self.call("GET", "/api/v1/case")
        except Refused as refused:
            if str(refused) == "HTTP 404":
                return None
            raise

    async def answer(self) -> None:
        """Something was asked: the fitting button, else the wish once more."""
        wanted = (f"problem:{self.complaint.kind.issue}", "line:", ":yes", "meaning:")
        button = next((button for part in wanted for button in self.buttons if part in button), None)
        if button:
            await self.post({"choice": button})
        else:
            await self.say(self.complaint.in_manner(phrases().wishes[self.complaint.wish]))

    async def show(self, needs: list[str]) -> None:
        book = phrases()
        if not self.complaint.proves:
            await self.say(self.next("nothing_to_show", book.nothing_to_show))
            return
        for kind in needs:
            form = aiohttp.FormData({"client_id": uuid.uuid4().hex, "kind": kind})
            form.add_field("file", await asyncio.to_thread(photo), filename="photo.jpg", content_type="image/jpeg")
            sent = await self.call("POST", "/api/v1/messages", data=form)
            self.seq = max(self.seq, int(sent["seq"]))
        await self.say(self.next("sent", book.sent))

    async def do(self, act: Act) -> None:
        """Says an act, or presses its button, and notes what the product took it for."""
        book, place = phrases(), self.menu.index(act.option) if act.option in self.menu else None
        before = len(await asyncio.to_thread(self.noted))
        presses = self.complaint.claim.number % 2 == 0
        if act.act == "accept" and (presses or place is None):
            await self.post({"choice": self.standing[str(act.option)]})
        elif act.act == "accept" and place is not None:
            only = len(self.menu) == 1
            told = self.next("accept", book.accept_only if only else book.accept)
            await self.say(told.format(ordinal=ORDINALS[place]))
        elif act.act == "counter":
            told = self.next(str(act.remedy), book.counters[str(act.remedy)])
            await self.say(told.format(yuan=(act.fen or 0) // YUAN))
        else:
            key = "person" if act.act == "human" else "reject"
            await self.say(self.next(key, book.person if key == "person" else book.reject))
        noted = (await asyncio.to_thread(self.noted))[before:]
        heard = noted[-1] if noted else "human" if self.owner != "bot" else "nothing"
        self.meant.append((name_of(act), heard))

    def noted(self) -> list[str]:
        """The acts that the product has noted for this customer's cases, in order."""
        with session(self.database_url, read_only=True) as opened:
            kept = opened.scalars(
                select(Case.negotiation).where(Case.customer_id == self.customer_id).order_by(Case.opened_at)
            ).all()
        return [name_of(msgspec.convert(act, Act)) for acts in kept for act in acts[1:]]

    def next(self, key: str, sentences: tuple[str, ...]) -> str:
        number = self.said.get(key, 0)
        self.said[key] = number + 1
        return sentences[number % len(sentences)]

    async def say(self, text: str) -> None:
        await self.post({"text": text})

    async def post(self, message: dict[str, str]) -> None:
        """Sends a message and reads what comes back. Raises Refused where nobody answers."""
        sent = await self.call("POST", "/api/v1/messages", json={"client_id": uuid.uuid4().hex, **message})
        self.sent += 1
        self.seq = max(self.seq, int(sent["seq"]))
        end, answered = time.monotonic() + PATIENT, False
        while time.monotonic() < end:
            listed = await self.call("GET", f"/api/v1/messages?after={self.seq}&wait={0 if answered else 20}")
            self.owner = listed["owner"]
            if answered and not listed["messages"]:
                return
            for told in listed["messages"]:
                self.seq = int(told["seq"])
                if told["from"] != "customer":
                    answered = True
                    self.read(told)
        raise Refused("nobody answered")

    def read(self, told: dict[str, Any]) -> None:
        self.buttons = [str(choice["id"]) for choice in told["choices"]] or self.buttons
        card = told["card"] or {}
        if card.get("kind") == "offer":
            self.menu = [str(option["id"]) for option in card["options"]]
            self.first = self.first or tuple(self.menu)
            for option in self.menu:
                button = next((known for known in self.buttons if known.endswith(f"option:{option}")), "")
                self.standing[option] = button or self.standing.get(option, "")
