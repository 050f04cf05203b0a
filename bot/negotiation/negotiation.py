"""One negotiation: immutable, replayable from a case and a list of acts; no clock, no chance, no database.

    negotiation = Negotiation.open(case, assessment, terms)
    negotiation.move()                      # Offer | Settled | Human | Left
    negotiation = negotiation.answer(Act("reject"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import msgspec

from bot.aftersales.assessment import Assessment, HumanReason, Reason, Remedy, ReturnFreight
from bot.aftersales.case import Case
from bot.negotiation.act import Act
from bot.negotiation.belief import Belief, after_counter, after_rejection, after_words, prior
from bot.negotiation.forms import Forms, asked_form
from bot.negotiation.matter import Matter, matter_of
from bot.negotiation.menu import Planner, planned
from bot.negotiation.option import Option
from bot.negotiation.terms import Preference, Terms
from bot.negotiation.words import Heard, Speaker

WISHES: dict[str, tuple[Preference, ...]] = {
    "exchange": ("replacement",), "repair": ("replacement",), "resend": ("replacement",), "compensation": ("cash",),
}
"""Wish of the case → what it tells of the preference; asking for a refund tells nothing, most people do."""
AT_ONCE = frozenset({"asked", "over_limit", "minor"})
"""Reasons for a person that leave the bot nothing to settle, even where something is owed."""


class Offer(msgspec.Struct, frozen=True):
    """The shop's turn. texts: one an option; standing: every option that may be accepted now;
    reasons: filled when the customer asked why; hours: how long the options stay valid."""

    turn: int
    options: tuple[Option, ...]
    texts: tuple[str, ...]
    message: str
    final: bool
    standing: tuple[Option, ...]
    needs: tuple[str, ...]
    hours: int
    reasons: tuple[Reason, ...] = ()


class Settled(msgspec.Struct, frozen=True):
    option: Option
    message: str


class Human(msgspec.Struct, frozen=True):
    reason: HumanReason
    message: str


class Left(msgspec.Struct, frozen=True):
    """The customer left; the offers stand until they expire."""


Move = Offer | Settled | Human | Left


class State(msgspec.Struct, frozen=True):
    """Everything that changes: rounds counts the menus rejected or countered; spoken: id → last words."""

    belief: Belief
    turn: int = 0
    rounds: int = 0
    standing: tuple[Option, ...] = ()
    spoken: dict[str, str] = {}
    used: frozenset[str] = frozenset()
    mood: float = 0.0
    now: Move | None = None


class _Room:
    """What follows from the facts and stays until they change."""

    def __init__(self, matter: Matter, terms: Terms, freight: ReturnFreight) -> None:
        self.matter, self.terms = matter, terms
        self.planner: Planner = planned(matter, terms)
        self.forms: Forms = self.planner.forms
        self.speaker = Speaker(matter, self.forms.entitlement, freight)


@dataclass(frozen=True)
class Negotiation:
    """A negotiation so far. `acts` is all it takes to rebuild it: `Negotiation.replay(case, …, acts)`."""

    terms: Terms
    acts: tuple[Act, ...]
    _room: _Room = field(repr=False, compare=False)
    _state: State = field(repr=False)
    _case: Case | None = field(default=None, repr=False)
    _assessment: Assessment | None = field(default=None, repr=False)
    _assess: Callable[[Case], Assessment] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def open(
        cls,
        case: Case,
        assessment: Assessment,
        terms: Terms,
        assess: Callable[[Case], Assessment] | None = None,
        hints: Iterable[Preference] = (),
        mood: float = 0.0,
    ) -> Negotiation:
        """Begins on a case as assessed. assess: how to assess it again when evidence comes in.

        hints: preferences heard in the first words; mood: anger 0–1. Neither changes any amount.
        Raises ValueError when the case's line is not in its order.
        """
        room = _Room(matter_of(case, assessment, terms), terms, assessment.return_freight)
        belief = after_words(prior(terms), terms, (*WISHES.get(case.wish, ()), *hints))
        start = cls(terms, (), room, State(belief, mood=mood), case, assessment, assess)
        reason = assessment.to_human
        if assessment.decision == "human" or (
            reason and (reason in AT_ONCE or assessment.decision != "owed")
        ):
            return start._ended(Human(reason or "unknown_rule", room.speaker.human(reason or "other")))
        return start._offered()

    @classmethod
    def over(cls, matter: Matter, terms: Terms, hints: Iterable[Preference] = ()) -> Negotiation:
        """Begins on bare facts, without a case: for simulation."""
        room = _Room(matter, terms, "merchant")
        return cls(terms, (), room, State(after_words(prior(terms), terms, hints)))._offered()

    @classmethod
    def replay(
        cls,
        case: Case,
        assessment: Assessment,
        terms: Terms,
        acts: Iterable[Act],
        assess: Callable[[Case], Assessment] | None = None,
    ) -> Negotiation:
        """The negotiation after these acts; the same case and acts always give the same."""
        negotiation = cls.open(case, assessment, terms, assess)
        for act in acts:
            negotiation = negotiation.answer(act)
        return negotiation

    @property
    def forms(self) -> Forms:
        """Every form of the case with entitlement, tier and what was left out: the trace for an agent."""
        return self._room.forms

    @property
    def matter(self) -> Matter:
        return self._room.matter

    def move(self) -> Move:
        """The shop's turn now."""
        assert self._state.now is not None
        return self._state.now

    def expected_fen(self) -> int:
        """What the menu now shown can be expected to cost the shop, goods and freight included, in fen: each
        preference takes the form it likes best, weighed by its share in the terms. 0 where nothing is shown."""
        now = self.move()
        if not isinstance(now, Offer) or not now.options:
            return 0
        return self._room.planner.expected_spend(now.options, prior(self.terms))

    def answer(self, act: Act) -> Negotiation:
        """The negotiation after the customer's act.

        Raises ValueError, with nothing changed, when the act cannot be used now.
        """
        now = self.move()
        if not isinstance(now, Offer):
            raise ValueError("这个案子已经谈完,不能再答")
        told = replace(
            self,
            acts=(*self.acts, act),
            _state=msgspec.structs.replace(
                self._state,
                belief=after_words(self._state.belief, self.terms, act.hints),
                mood=max(self._state.mood, act.mood),
                now=msgspec.structs.replace(now, reasons=()),
            ),
        )
        if act.act == "accept":
            return told._accepted(act)
        if act.act == "leave":
            return told._ended(Left())
        if act.act == "human":
            return told._ended(Human("asked", self._room.speaker.human("asked")))
        if act.act == "ask_why":
            return told._with(now=msgspec.structs.replace(now, reasons=self._reasons(now.options)))
        if act.act == "evidence":
            return told._proven(act)
        return told._refused(act, now)

    def with_facts(self, matter: Matter, freight: ReturnFreight = "merchant") -> Negotiation:
        """The same conversation on new facts (evidence came in): what was offered stands, a new menu is made."""
        return replace(self, _room=_Room(matter, self.terms, freight))._offered()

    def stood(self) -> tuple[tuple[Option, str], ...]:
        """What was offered so far, each with the words it was offered in."""
        return tuple((option, self._state.spoken[option.id]) for option in self._state.standing)

    def keeping(self, stood: Iterable[tuple[Option, str]]) -> Negotiation:
        """The same with what an earlier negotiation of the case offered: it may still be accepted."""
        new = [(option, text) for option, text in stood if option.id not in self._state.spoken]
        spoken = {**{option.id: text for option, text in new}, **self._state.spoken}
        return self._with(standing=(*self._state.standing, *(option for option, _ in new)), spoken=spoken)

    def _with(self, **changes: object) -> Negotiation:
        return replace(self, _state=msgspec.structs.replace(self._state, **changes))

    def _ended(self, move: Move) -> Negotiation:
        return self._with(now=move)

    def _accepted(self, act: Act) -> Negotiation:
        for option in self._state.standing:
            if option.id == act.option:
                words = self._state.spoken[option.id]
                return self._ended(Settled(option, self._room.speaker.settled(words)))
        ids = ", ".join(option.id for option in self._state.standing) or "还没有"
        raise ValueError(f"option: 没有提过 {act.option},可选的是 {ids}")

    def _proven(self, act: Act) -> Negotiation:
        if self._case is None or self._assessment is None or self._assess is None:
            raise ValueError("evidence: 这里不能补凭证")
        kinds = tuple(dict.fromkeys((*self._case.evidence, *act.evidence)))
        case = msgspec.structs.replace(self._case, evidence=kinds)
        assessment = self._assess(case)
        told = replace(self, _case=case, _assessment=assessment)
        if assessment.decision == "human":
            reason = assessment.to_human or "unknown_rule"
            return told._ended(Human(reason, self._room.speaker.human(reason)))
        return told.with_facts(matter_of(case, assessment, self.terms), assessment.return_freight)

    def _refused(self, act: Act, now: Offer) -> Negotiation:
        room, state = self._room, self._state
        belief = after_rejection(state.belief, room.planner.best_utilities(now.options), room.matter.severity)
        asked: Option | None = None
        heard: Heard | None = None
        if act.act == "counter" and act.remedy is not None and act.fen is not None:
            belief = after_counter(belief, self.terms, act.remedy)
            asked, heard = self._asked(act.remedy, act.fen, belief)
        if now.final and (act.act == "reject" or not now.options or state.rounds >= self.terms.rounds):
            return self._ended(Human("dispute", room.speaker.human("dispute")))
        return self._with(belief=belief, rounds=state.rounds + 1)._offered(asked, heard)

    def _asked(self, remedy: Remedy, fen: int, belief: Belief) -> tuple[Option | None, Heard]:
        """The form that answers a counter-offer, or None with the reason why there is none."""
        room = self._room
        shown = frozenset(option.id for option in self._state.standing)
        planned = room.planner.menu(belief, shown, None, max(0, self._rounds_left() - 1))
        asked, note = asked_form(room.forms, room.matter, self.terms, remedy, fen, planned)
        if asked is not None and note is not None:
            return asked, Heard(note, remedy)
        why = next((left.why for left in room.forms.left_out if left.remedy == remedy), "")
        return None, Heard("cannot", remedy, why)

    def _rounds_left(self) -> int:
        return max(0, self.terms.rounds - 1 - self._state.rounds)

    def _offered(self, asked: Option | None = None, heard: Heard | None = None) -> Negotiation:
        room, state = self._room, self._state
        shown = frozenset(option.id for option in state.standing)
        left = self._rounds_left()
        menu = room.planner.menu(state.belief, shown, asked, left)
        now_shown = shown | {option.id for option in menu}
        restated = bool(menu) and now_shown == shown
        turn = state.turn + 1
        final = left == 0 or not menu or (turn > 1 and not room.planner.unseen(now_shown))
        spoken = room.speaker.offer(
            menu, turn, final, state.mood, heard, restated, state.used
        )
        standing = state.standing + tuple(option for option in menu if option.id not in shown)
        offer = Offer(
            turn, menu, spoken.texts, spoken.message, final, standing, room.matter.needs, self.terms.offer_hours,
            self._reasons(menu) if not menu else (),
        )
        words = {**state.spoken, **{option.id: text for option, text in zip(menu, spoken.texts, strict=True)}}
        return self._with(turn=turn, standing=standing, used=spoken.used, spoken=words, now=offer)

    def _reasons(self, menu: tuple[Option, ...]) -> tuple[Reason, ...]:
        rules = self._assessment.reasons if self._assessment else ()
        return (*rules, *(self._room.speaker.reasons(menu) if self._room.forms.options else ()))
