"""The worker of each conversation: takes what nobody answered, has the bot answer it, one turn at a time.

What waits stands in the database, so a crash loses nothing: at the start, and whenever a conversation
stays unanswered, the worker begins again. That a burst is answered once is the core's business
(bot.cases.inbox); here it is only asked for.
"""

from __future__ import annotations

import asyncio
import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from bot import clock, log, trace
from bot.cases import inbox
from bot.cases.words import say
from bot.settings import settings
from bot.web import measure, rasa
from bot.web.blocking import for_rasa, in_database
from bot.web.hub import Hub
from bot.web.problem import cause

logger = logging.getLogger(__name__)

QUIET = 0.15
"""Seconds without another message after which a burst is over. Long enough for messages sent together,
short enough that a single one is answered at once; who is seen typing gets up to `TYPING`."""

TYPING = 0.8
"""Seconds a customer who goes on typing may keep a burst open."""

SOON = 4.3
"""Seconds after which a customer who still waits is told so; also how long a Rasa that is gone is tried."""

PATIENCE = 15.0
"""Seconds a turn may take where Rasa is there but slow, before the customer hears that something failed.
A busy hour must not send everybody to a person."""

PAUSES = (0.5, 1.5)
"""Seconds before a turn that failed is tried again, as long as nobody has waited `SOON` for it: the database or the action
server was started anew in the middle of it, and a moment later it succeeds. Only then does a person have to."""

TRIES = 3
SWEEP_EVERY = 2.0
FINISH = 4.0
"""Seconds the answers in hand get at the end; with the five uvicorn gives to connections less than `Running.stop` waits."""

STUCK_AFTER = 8.0
"""Seconds a conversation may stay unanswered before any process takes it up."""


class Bursts:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.workers: dict[str, asyncio.Task[None]] = {}
        self.again: set[str] = set()
        self.heard: dict[str, float] = {}  # conversation → when its last message came
        self.typed: dict[str, float] = {}  # conversation → when its customer was last seen typing
        self.asked: dict[str, tuple[str | None, trace.Carrier]] = {}  # conversation → the call that brought its last message
        self.stuck: dict[tuple[str, int], float] = {}  # (conversation, answered_seq) → since when

    def wake(self, conversation_id: str, *, at_once: bool = False) -> None:
        """A message came in. `at_once`: nothing will follow it (a button)."""
        self.heard[conversation_id] = 0.0 if at_once else time.monotonic()
        if at_once:
            self.typed.pop(conversation_id, None)
        self.asked[conversation_id] = log.call.get(), trace.carrier()
        self.again.add(conversation_id)
        if conversation_id not in self.workers:
            self.start(conversation_id)

    def start(self, conversation_id: str) -> None:
        self.workers[conversation_id] = task = asyncio.create_task(self.work(conversation_id))
        task.add_done_callback(lambda ended: self.end(conversation_id, ended))

    def end(self, conversation_id: str, worker: asyncio.Task[None]) -> None:
        """Forgets the worker; a message that came just as it ended gets another."""
        self.workers.pop(conversation_id, None)
        if conversation_id in self.again and not worker.cancelled():
            self.start(conversation_id)

    def typing(self, conversation_id: str, on: bool) -> None:
        if on:
            self.typed[conversation_id] = time.monotonic()
        else:
            self.typed.pop(conversation_id, None)

    async def work(self, conversation_id: str) -> None:
        """Answers this conversation until nothing waits."""
        tries: dict[int, int] = {}
        while conversation_id in self.again:
            self.again.discard(conversation_id)
            try:
                await self.quiet(conversation_id)
                while (waiting := await in_database(inbox.waiting, conversation_id)) is not None:
                    tries[waiting.burst.after] = tries.get(waiting.burst.after, 0) + 1
                    call, carrier = self.asked.get(conversation_id, (None, {}))
                    log.call.set(call)
                    with trace.span("turn", carrier, conversation=conversation_id, seq=waiting.burst.through):
                        await self.turn(waiting, give_up=tries[waiting.burst.after] > TRIES)
            except SQLAlchemyError as fault:
                # The rows are safe; the sweep takes them up when the database is back.
                logger.error("conversation %s waits for the database: %s", conversation_id, cause(fault))
                measure.TURNS.labels("database").inc()
                self.hub.publish(conversation_id, {"type": "trouble", "text": say("trouble")})
                break
            except Exception:
                logger.exception("conversation %s: the turn failed and will be tried again", conversation_id)
                measure.TURNS.labels("failed").inc()
                break
        self.heard.pop(conversation_id, None)
        self.asked.pop(conversation_id, None)
        self.typed.pop(conversation_id, None)

    async def quiet(self, conversation_id: str) -> None:
        """Waits until the customer has finished the thought."""
        began = time.monotonic()
        while True:
            now = time.monotonic()
            end = self.heard.get(conversation_id, 0.0) + QUIET
            if conversation_id in self.typed:
                end = max(end, self.typed[conversation_id] + TYPING)
            end = min(end, began + TYPING)
            if now >= end:
                return
            await asyncio.sleep(end - now)

    async def turn(self, waiting: inbox.Waiting, *, give_up: bool = False) -> None:
        conversation_id = waiting.conversation_id
        began = time.monotonic()
        texts: list[str] = []
        outcome = "answered"
        if not give_up:
            self.hub.publish(conversation_id, {"type": "typing", "from": "bot", "on": True})
            try:
                texts = await self.patiently(waiting, began)
                for pause in PAUSES:
                    if inbox.own_words(texts) or time.monotonic() - began + pause > SOON:
                        break
                    await asyncio.sleep(pause)
                    if await in_database(inbox.waiting, conversation_id) != waiting:
                        break
                    texts = await self.patiently(waiting, began)
            except rasa.RasaDown as fault:
                logger.warning("conversation %s: %s", conversation_id, fault)
                outcome = "rasa_down"
            finally:
                self.hub.publish(conversation_id, {"type": "typing", "from": "bot", "on": False})
        if await in_database(inbox.settle, waiting, texts, clock.now()):
            outcome = "trouble" if outcome == "answered" else outcome
        else:
            outcome = "answered"
        measure.TURNS.labels(outcome).inc()
        spent = time.monotonic() - began
        measure.TURN_SECONDS.observe(spent)
        told = {"conversation": conversation_id, "seq": waiting.burst.through, "outcome": outcome, "ms": round(spent * 1000)}
        logger.info("turn", extra={"fields": told})
        self.hub.changed(conversation_id)

    async def patiently(self, waiting: inbox.Waiting, began: float) -> list[str]:
        """Rasa's texts; a customer who waits longer than `SOON` since the turn began is told once. Raises RasaDown."""
        asked = asyncio.ensure_future(for_rasa(rasa.ask, settings().rasa_port, waiting, SOON, PATIENCE))
        done, _ = await asyncio.wait([asked], timeout=max(0.0, began + SOON - time.monotonic()))
        if not done and await in_database(inbox.ask_to_wait, waiting, clock.now()):
            self.hub.changed(waiting.conversation_id)
        return await asked

    async def sweep(self) -> None:
        """Takes up what nobody works on: at once at the start, later what stays unanswered. Runs for ever."""
        patience = 0.0
        while True:
            try:
                patience = self.take_up(set(await in_database(inbox.unanswered)), patience)
                count, seconds = await in_database(inbox.silence, clock.now())
                measure.UNANSWERED.set(count)
                measure.UNANSWERED_SECONDS.set(seconds)
            except SQLAlchemyError as fault:
                logger.error("cannot look for unanswered messages: %s", cause(fault))
            except Exception:  # a row that cannot be read must not end the watch over all others
                logger.exception("cannot look for unanswered messages")
            await asyncio.sleep(SWEEP_EVERY)

    def take_up(self, found: set[tuple[str, int]], patience: float) -> float:
        now = time.monotonic()
        self.stuck = {key: self.stuck.get(key, now) for key in found if key[0] not in self.workers}
        for (conversation_id, _), since in self.stuck.items():
            if now - since >= patience:
                self.wake(conversation_id, at_once=True)
        return STUCK_AFTER

    async def stop(self) -> None:
        """Ends the workers once they answered what they have in hand; what they do not finish in time stands in the database."""
        if self.workers:
            await asyncio.wait(self.workers.values(), timeout=FINISH)
        for task in list(self.workers.values()):
            task.cancel()
        await asyncio.gather(*self.workers.values(), return_exceptions=True)
