"""Never too much, never too little: whatever customer, agents, couriers, clocks, platform and crashes do in whatever order.

One machine, one act after the other, and eight workers at once; both on both databases.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.cases import desk
from bot.store.models.ledger import REMEDIES
from tests.dialogues.shop import NOW
from tests.promises.dealings import (
    AGENTS,
    ORDERS,
    SAYINGS,
    SUPERVISOR,
    Dealings,
    Death,
    Outage,
    again_if_killed,
    fresh,
    open_shop,
    tried,
)
from tests.promises.money import Money, money_of, too_little, too_much
from tests.promises.scale import FULL, scaled
from tests.web.conftest import both_databases

TEXTS = sorted(saying[0] for saying in SAYINGS)
EXAMPLES, STEPS = scaled(60, 300), 30
ROUNDS, WORKERS, ACTS = scaled(8, 150), 8, 6

PEOPLE = st.sampled_from(["holder", "holder", "holder", *AGENTS, SUPERVISOR])
CASES = st.integers(0, 2)
DEATHS = st.tuples(st.sampled_from([None, None, None, "before", "after"]), st.integers(1, 3))
OUTAGES = st.sampled_from([None, None, None, "refuses", "loses"])
WISHES = ("转人工", "退我差价", "碎了", "碎了退款", "不要了退货", "坏的换一个", "坏的退货", "少了一件", "取消订单", "态度太差")
FEN = (0, 1, 500, 3000, "owed", "owed", "left", "left", "paid", 1199800)
"""Amounts of an agent's offer: fen, or what they are in the newest case."""


def fen_of(money: Money, amount: int | str) -> int:
    """The sum that is owed, left under the cap, or was paid for the line, in fen; a number as it is."""
    if isinstance(amount, int) or not money.cases:
        return amount if isinstance(amount, int) else 500
    case_id, case = next(iter(money.cases.items()))
    line = next(iter(money.lines.values()))
    paid = line["unit_paid_fen"] * line["quantity"]
    return {"owed": money.owed(case_id), "left": max(0, case["cap_fen"] - money.spent(case_id)), "paid": paid}[amount]


@pytest.fixture
def desk_open(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    monkeypatch.setenv("HEQI_NOW", NOW.isoformat())
    open_shop()


@pytest.fixture
def death(monkeypatch: pytest.MonkeyPatch) -> Death:
    return Death(monkeypatch)


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    return Outage(monkeypatch)


def met_enough(met: Counter[str], *about: str) -> bool:
    """Whether the attack met what it is about; a few examples do not meet all of it each time."""
    return scaled(any, all)(met[what] for what in about)


@both_databases
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("desk_open")
def test_whatever_is_done_in_whatever_order_the_bounds_hold(death: Death, outage: Outage) -> None:
    numbers, met = count(1), Counter[str]()

    class Bargain(RuleBasedStateMachine):
        """A fresh customer each time; the same database."""

        @initialize(kind=st.sampled_from(sorted(ORDERS)), wish=st.sampled_from(WISHES), then=st.sampled_from(["", "picture", "person", "back"]))
        def begin(self, kind: str, wish: str, then: str) -> None:
            self.dealings = Dealings(next(numbers), kind)
            self.now = money_of(self.dealings.customer)
            self.sent: list[Callable[[], None]] = []
            self.say(wish, (None, 1), None, True)
            if then == "picture":
                self.show_picture("c")
                self.show_picture("d")
            elif then == "person":
                for fen in (300, "owed", 500):
                    self.offer(0, AGENTS[0], "refund_part", fen, (None, 1))
                self.press(0, "option", (None, 1), None, False)
            elif then == "back":
                for picture in "cd":
                    self.show_picture(picture)
                self.answer((None, 1), None)
                self.claim(0, AGENTS[0])
                for fen in (300, "left"):
                    self.offer(0, AGENTS[0], "refund_part", fen, (None, 1))
                self.end(0, AGENTS[0], "give back")
                self.say(wish, (None, 1), None, True)

        def teardown(self) -> None:
            met["paid"] += bool(self.now.payouts)
            met["offered by the bot"] += any(offer["by"] == "bot" for offer in self.now.offers.values())
            met["an agent's offer taken"] += any("/off_" in entry["cause"] for entry in self.now.standing())
            met["goods awaited"] += any(entry["step"] == "awaiting_return" for entry in self.now.standing())
            met["settled"] += any(case["state"] == "settled" for case in self.now.cases.values())

        def do(self, act: Callable[[], None], died: tuple[str | None, int] = (None, 1), out: str | None = None, *, free: bool = False) -> None:
            """One act; `free`: it may end a case below what is owed (a supervisor, or the customer who took it back)."""
            self.dealings.at += NOW.resolution
            before = self.now

            def once() -> None:
                with outage.being(out):
                    met["killed"] += again_if_killed(death, *died, act)

            tried(once)
            self.now = money_of(self.dealings.customer)
            broken = None if free else too_little(before, self.now)
            assert broken is None, broken

        def who(self, name: str) -> str:
            """The agent who has the conversation (the first where nobody has), or the one named."""
            return self.dealings.holder() or AGENTS[0] if name == "holder" else name

        # --- the customer

        @rule(text=st.sampled_from(TEXTS), died=DEATHS, out=OUTAGES, answered=st.sampled_from([True, True, True, False]))
        def say(self, text: str, died: tuple[str | None, int], out: str | None, answered: bool) -> None:
            self.write(partial(self.dealings.say, text, fresh()), died, out, answered)

        @rule(index=st.integers(0, 9), only=st.sampled_from(["option", "option", ""]), died=DEATHS, out=OUTAGES, answered=st.sampled_from([True, True, True, False]))
        def press(self, index: int, only: str, died: tuple[str | None, int], out: str | None, answered: bool) -> None:
            shown = [choice for choice in self.dealings.shown() if only in choice]
            if shown:
                self.write(partial(self.dealings.press, shown[-1 - index % len(shown)], fresh()), died, out, answered)

        @rule(picture=st.sampled_from(["a", "b"]))
        def show_picture(self, picture: str) -> None:
            self.write(partial(self.dealings.show_picture, picture, fresh()), (None, 1), None, True)

        def write(self, act: Callable[[], None], died: tuple[str | None, int], out: str | None, answered: bool) -> None:
            self.sent.append(act)
            self.do(act, died, out)
            if answered:
                self.do(self.dealings.answer, died, out)

        @rule(index=st.integers(0, 9))
        def send_again(self, index: int) -> None:
            if self.sent:
                self.do(self.sent[index % len(self.sent)])

        @rule(died=DEATHS, out=OUTAGES)
        def answer(self, died: tuple[str | None, int], out: str | None) -> None:
            self.do(self.dealings.answer, died, out)

        @rule(index=st.integers(0, 9))
        def answer_late(self, index: int) -> None:
            self.do(partial(self.dealings.answer_late, index))

        # --- the shop

        @rule(fen=st.sampled_from([1, 5000, 20000]))
        def drop_price(self, fen: int) -> None:
            self.do(partial(self.dealings.drop_price, fen))

        @rule(died=DEATHS, out=OUTAGES)
        def bring_back(self, died: tuple[str | None, int], out: str | None) -> None:
            self.do(self.dealings.bring_back, died, out)

        @rule(died=DEATHS, out=OUTAGES)
        def pay_due(self, died: tuple[str | None, int], out: str | None) -> None:
            self.do(self.dealings.pay_due, died, out)

        @rule(hours=st.sampled_from([0.2, 5, 30, 80]))
        def pass_time(self, hours: float) -> None:
            self.dealings.pass_time(hours)

        # --- the desk

        @rule(index=CASES, who=PEOPLE)
        def claim(self, index: int, who: str) -> None:
            self.do(partial(self.dealings.claim, index, self.who(who)))
            self.do(partial(self.dealings.put_order, index, self.who(who)))

        @rule(index=CASES, who=PEOPLE, remedy=st.sampled_from(REMEDIES), fen=st.sampled_from(FEN), died=DEATHS)
        def offer(self, index: int, who: str, remedy: str, fen: int | str, died: tuple[str | None, int]) -> None:
            tried(partial(self.dealings.claim, index, self.who(who)))
            act = partial(self.dealings.offer, index, self.who(who), remedy, fen_of(self.now, fen), fresh())
            self.sent.append(act)
            self.do(act, died)

        @rule(index=CASES, who=PEOPLE, remedy=st.sampled_from([None, None, "refund", "return_refund", "price_difference", "exchange"]), died=DEATHS, out=OUTAGES)
        def approve(self, index: int, who: str, remedy: str | None, died: tuple[str | None, int], out: str | None) -> None:
            self.do(partial(self.dealings.approve, index, self.who(who), remedy), died, out)

        @rule(index=CASES, who=PEOPLE, end=st.sampled_from(["refuse", "give back", *desk.OUTCOMES]))
        def end(self, index: int, who: str, end: str) -> None:
            match end:
                case "refuse":
                    self.do(partial(self.dealings.refuse, index, self.who(who)))
                case "give back":
                    self.do(partial(self.dealings.give_back, index, self.who(who)))
                case outcome:
                    name = self.who(who)
                    self.do(partial(self.dealings.resolve, index, name, outcome), free=name == SUPERVISOR or outcome == "withdrawn")

        @invariant()
        def never_too_much(self) -> None:
            if hasattr(self, "now"):
                broken = too_much(self.now, min(self.dealings.prices))
                assert broken is None, broken

    run_state_machine_as_test(
        Bargain,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True, derandomize=not FULL, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )
    print(f"{next(numbers) - 1} bargains of up to {STEPS} acts: {dict(met)}")
    assert met_enough(met, "paid", "settled", "killed", "offered by the bot", "an agent's offer taken", "goods awaited"), met


class Crowd:
    """Eight at once about one customer's money: the customer's browsers, agents, a courier, the bot's workers."""

    def __init__(self, number: int, chance: random.Random, death: Death, outage: Outage) -> None:
        self.dealings = Dealings(number, chance.choice(sorted(ORDERS)))
        self.death, self.outage = death, outage
        self.sent: list[Callable[[], None]] = []

    def prepare(self, chance: random.Random) -> None:
        """A conversation with something to take: a wish and, mostly, its picture, and perhaps an agent with an offer."""
        dealings = self.dealings
        for _ in range(chance.randint(1, 2)):
            self.tell(partial(dealings.say, chance.choice(WISHES), fresh()))
            if chance.random() < 0.6:
                self.tell(partial(dealings.show_picture, fresh(), fresh()))
        if chance.random() < 0.5:
            tried(partial(dealings.claim, 0, AGENTS[0]))
            for fen in chance.sample(FEN, 2):
                tried(partial(dealings.offer, 0, AGENTS[0], "refund_part", fen_of(money_of(dealings.customer), fen), fresh()))
        elif chance.random() < 0.5:
            dealings.drop_price(5000)

    def tell(self, act: Callable[[], None]) -> None:
        tried(act)
        tried(self.dealings.answer)

    def work(self, seed: str) -> None:
        chance = random.Random(seed)
        for _ in range(ACTS):
            died = (chance.choice([None, None, None, "before", "after"]), chance.randint(1, 3))
            with self.outage.being(chance.choice([None, None, None, "refuses", "loses"])):
                for act in self.chosen(chance):
                    tried(partial(again_if_killed, self.death, *died, act))

    def chosen(self, chance: random.Random) -> list[Callable[[], None]]:
        dealings, sent = self.dealings, self.sent
        who, index = chance.choice([dealings.holder() or AGENTS[1], *AGENTS, SUPERVISOR]), chance.randint(0, 1)
        match chance.choice(["say", "press", "press", "press", "again", "answer", "late", "offer", "offer", "approve", "claim", "desk", "back", "due", "drop"]):
            case "say":
                return [partial(dealings.say, chance.choice(TEXTS), fresh()), dealings.answer]
            case "press":
                shown = dealings.shown()
                pressed = [partial(dealings.press, chance.choice(shown[-6:]), fresh())] if shown else []
                sent += pressed
                return [*pressed, dealings.answer]
            case "again" if sent:
                return [chance.choice(sent), dealings.answer]
            case "late":
                return [partial(dealings.answer_late, chance.randint(0, 9))]
            case "offer":
                made = partial(dealings.offer, index, who, chance.choice(REMEDIES), fen_of(money_of(dealings.customer), chance.choice(FEN)), fresh())
                sent.append(made)
                return [made]
            case "approve":
                return [partial(dealings.approve, index, who, chance.choice([None, "refund", "return_refund"]))]
            case "claim":
                return [partial(dealings.claim, index, who), partial(dealings.put_order, index, who)]
            case "desk":
                return [chance.choice([
                    partial(dealings.refuse, index, who), partial(dealings.give_back, index, who),
                    partial(dealings.resolve, index, who, chance.choice(desk.OUTCOMES)),
                ])]
            case "back":
                return [dealings.bring_back]
            case "due":
                return [dealings.pay_due]
            case "drop":
                return [partial(dealings.drop_price, 5000)]
        return [dealings.answer]


@both_databases
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("desk_open")
def test_eight_at_once_never_bring_too_much(death: Death, outage: Outage) -> None:
    met = Counter[str]()
    with ThreadPoolExecutor(WORKERS) as workers:
        for number in range(1, ROUNDS + 1):
            chance = random.Random(number)
            crowd = Crowd(number, chance, death, outage)
            crowd.prepare(chance)
            list(workers.map(crowd.work, [f"{number}/{worker}" for worker in range(WORKERS)]))
            crowd.dealings.pay_due()
            after = money_of(crowd.dealings.customer)
            broken = too_much(after, min(crowd.dealings.prices))
            assert broken is None, f"round {number}: {broken}"
            owing = [entry for entry in after.standing() if entry["step"] in {"accepted", "returned", "sent", "failed"}]
            assert not owing, f"round {number}: accepted and never paid: {owing}"
            met["paid"] += bool(after.payouts)
            met["an agent's offer taken"] += any("/off_" in entry["cause"] for entry in after.standing())
            met["settled"] += any(case["state"] == "settled" for case in after.cases.values())
    print(f"{ROUNDS} crowds of {WORKERS}: {dict(met)}")
    assert met_enough(met, "paid", "an agent's offer taken", "settled"), met
