"""What holds for every case and every customer: cases and acts are drawn by hypothesis."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.aftersales.facts import read_case
from bot.aftersales.speech import forbidden
from bot.negotiation.act import Act
from bot.negotiation.negotiation import Human, Left, Negotiation, Offer, Settled
from bot.negotiation.settlement import rows_of
from tests.aftersales.build import ALL_PICTURES, raw_case
from tests.negotiation.table import TERMS, judge, opened, played

WISHES = ["refund", "return_goods", "exchange", "repair", "resend", "cancel_order", "compensation"]
ISSUES = [
    "quality_defect", "not_as_described", "wrong_item", "missing_item", "damaged_in_transit", "not_received",
    "late_delivery", "change_of_mind", "promise_broken", "return_obstructed", "false_advertising",
]
FACTS = {
    "affected_share": st.floats(0.01, 1.0), "minor_defect": st.booleans(), "intact": st.booleans(),
    "sealed": st.booleans(), "return_freight_fen": st.integers(1, 3000), "gift_fen": st.integers(1, 5000),
}
SPENT = {"refund", "refund_part", "return_refund", "price_difference"}


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    facts = {name: draw(values) for name, values in FACTS.items() if draw(st.booleans())}
    return raw_case(
        draw(st.sampled_from(WISHES)),
        draw(st.lists(st.sampled_from(ISSUES), max_size=2, unique=True)),
        unit=draw(st.integers(1, 300_000)),
        quantity=draw(st.integers(1, 3)),
        evidence=draw(st.sampled_from([[], ["photo"], ALL_PICTURES])),
        facts=facts,
    )


HINTS = st.lists(st.sampled_from(["cash", "replacement", "speed", "future"]), max_size=2, unique=True).map(tuple)
MOODS = st.floats(0.0, 1.0)
COUNTERS = st.builds(
    Act, act=st.just("counter"), fen=st.integers(0, 400_000), hints=HINTS, mood=MOODS,
    remedy=st.sampled_from(["refund", "refund_part", "return_refund", "exchange", "repair", "resend", "coupon", "gift"]),
)
ACTS = st.lists(
    st.one_of(COUNTERS, st.builds(Act, act=st.sampled_from(["reject", "ask_why"]), hints=HINTS, mood=MOODS)), max_size=6
)


def moves(raw: dict[str, Any], acts: list[Act]) -> list[Any]:
    """Every move of the shop until it ends or the acts do."""
    negotiation = opened(raw)
    seen = [negotiation.move()]
    for act in acts:
        if not isinstance(seen[-1], Offer):
            break
        negotiation = negotiation.answer(act)
        seen.append(negotiation.move())
    return seen


@settings(max_examples=150, deadline=None)
@given(cases(), ACTS)
def test_every_option_lies_within_floor_and_cap_and_the_law_is_always_shown(raw: dict[str, Any], acts: list[Act]) -> None:
    assessment = judge(read_case(raw))
    owed = {due.remedy: due for due in assessment.remedies if due.kind == "owed" and due.remedy != "none"}
    allowed = {due.remedy for due in assessment.remedies} | {"refund_part"}
    for move in moves(raw, acts):
        if not isinstance(move, Offer):
            continue
        main = set(owed) - {"freight", "medical"}
        assert not main or any(option.owed and option.remedy in main for option in move.options)
        for option in move.options:
            assert option.cost_fen <= assessment.cap_fen
            assert option.cost_fen == sum(part.cost_fen for part in (option.parts[0], *option.extras))
            assert {part.remedy for part in option.parts} <= allowed
            if option.remedy in owed:
                assert option.fen >= owed[option.remedy].fen or not option.owed
            money = sum(part.fen for part in option.parts if part.remedy in SPENT)
            kept_goods = [due.fen for due in owed.values() if due.remedy in SPENT and not due.return_needed]
            if money and option.remedy in SPENT and kept_goods and len(main) == 1:
                assert money >= min(kept_goods)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_what_may_be_negotiated_is_offered(raw: dict[str, Any]) -> None:
    assessment = judge(read_case(raw))
    move = opened(raw).move()
    pennies = all(due.remedy in {"coupon", "gift"} and due.fen < TERMS.limit.least_fen for due in assessment.remedies)
    if assessment.decision in {"negotiable", "owed"} and isinstance(move, Offer) and assessment.cap_fen:
        assert move.options or pennies


@settings(max_examples=100, deadline=None)
@given(cases(), ACTS)
def test_offers_stand_and_ids_keep_their_meaning(raw: dict[str, Any], acts: list[Act]) -> None:
    meaning: dict[str, Any] = {}
    offers = [move for move in moves(raw, acts) if isinstance(move, Offer)]
    for earlier, later in itertools.pairwise(offers):
        assert set(earlier.standing) <= set(later.standing)
    for option in itertools.chain.from_iterable(move.standing for move in offers):
        assert meaning.setdefault(option.id, option.parts) == option.parts
    for move in offers:
        assert set(move.options) <= set(move.standing)


@settings(max_examples=60, deadline=None)
@given(cases(), ACTS, st.integers(0, 20))
def test_any_option_shown_can_be_accepted_once_and_makes_its_rows(raw: dict[str, Any], acts: list[Act], pick: int) -> None:
    negotiation, case = opened(raw), read_case(raw)
    for act in acts:
        if isinstance(negotiation.move(), Offer):
            negotiation = negotiation.answer(act)
    now = negotiation.move()
    if not isinstance(now, Offer) or not now.standing:
        return
    option = now.standing[pick % len(now.standing)]
    done = negotiation.answer(Act("accept", option=option.id)).move()
    assert isinstance(done, Settled)
    assert done.option == option
    rows = rows_of(case, option)
    assert [(row.remedy, row.fen) for row in rows] == [(part.remedy, part.fen) for part in option.parts]
    assert all(row.fen == 0 for row in rows if row.remedy in {"exchange", "resend", "repair"})


@settings(max_examples=60, deadline=None)
@given(cases(), ACTS)
def test_the_same_case_and_acts_give_the_same_lines(raw: dict[str, Any], acts: list[Act]) -> None:
    case = read_case(raw)
    once, twice = moves(raw, acts), moves(raw, acts)
    assert once == twice
    replayed = Negotiation.replay(case, judge(case), TERMS, acts[: len(once) - 1], judge)
    assert replayed.move() == once[-1]


@settings(max_examples=60, deadline=None)
@given(cases(), ACTS, MOODS)
def test_loudness_never_changes_the_money(raw: dict[str, Any], acts: list[Act], mood: float) -> None:
    def money(tone: float) -> list[Any]:
        loud = [Act(act.act, remedy=act.remedy, fen=act.fen, hints=act.hints, mood=tone) for act in acts]
        return [
            [(option.id, option.cost_fen) for option in move.options] if isinstance(move, Offer) else type(move)
            for move in moves(raw, loud)
        ]

    assert money(0.0) == money(mood) == money(1.0)


@settings(max_examples=60, deadline=None)
@given(cases(), HINTS, HINTS)
def test_what_a_customer_seems_to_like_changes_the_forms_never_their_sums(
    raw: dict[str, Any], first: tuple[Any, ...], second: tuple[Any, ...]
) -> None:
    case = read_case(raw)
    forms = [
        Negotiation.open(case, judge(case), TERMS, judge, hints).forms.options for hints in ((), first, second)
    ]
    assert forms[0] == forms[1] == forms[2]


@settings(max_examples=60, deadline=None)
@given(cases(), st.permutations(ISSUES[:4]))
def test_the_order_in_which_things_are_told_changes_no_sum(raw: dict[str, Any], order: list[str]) -> None:
    told = [issue for issue in order if issue in raw["issues"]]
    rest = [issue for issue in raw["issues"] if issue not in order]
    again = {**raw, "issues": told + rest, "evidence": list(reversed(raw["evidence"]))}
    first, second = opened(raw).forms, opened(again).forms
    assert {option.id for option in first.options} == {option.id for option in second.options}


@settings(max_examples=80, deadline=None)
@given(cases(), ACTS)
def test_words_are_short_never_repeated_and_promise_no_more_than_is_there(raw: dict[str, Any], acts: list[Act]) -> None:
    said: set[str] = set()
    for move in moves(raw, [act for act in acts if act.act != "ask_why"]):
        if not isinstance(move, Offer):
            continue
        sentences = [sentence for sentence in move.message.split("。") if sentence]
        for text in (*move.texts, *sentences):
            assert text not in said, text
            said.add(text)
            assert forbidden(text) == []
        for option, text in zip(move.options, move.texts, strict=True):
            assert len(text) <= 30, text
            for part in (option.parts[0], *option.extras):
                assert not part.fen or f"{part.fen // 100}.{part.fen % 100:02d}元" in text or text.startswith("方案")


@settings(max_examples=60, deadline=None)
@given(cases(), ACTS)
def test_it_ends_within_the_policy_s_rounds(raw: dict[str, Any], acts: list[Act]) -> None:
    seen = moves(raw, acts + [Act("reject")] * (TERMS.rounds + 1))
    assert isinstance(seen[-1], Human | Left)
    turns = {move.turn for move in seen if isinstance(move, Offer)}
    assert max(turns, default=0) <= TERMS.rounds + 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=20), st.just('{"act":"reject"}'), st.just('{"act":"ask_why"}')), max_size=8))
def test_no_line_breaks_the_stream(lines: list[str]) -> None:
    sent = [line for line in lines if "\n" not in line and "\r" not in line]
    for line in played({"case": raw_case("refund", ["quality_defect"], evidence=["photo"])}, *sent):
        assert line["say"] in {"offer", "settled", "human", "end", "error"}
