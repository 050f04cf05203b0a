"""`heqi negotiate` as contracts.md section 5 writes it, played from outside."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.aftersales.facts import read_case
from tests.aftersales.build import ALL_PICTURES, raw_case
from tests.negotiation.table import CASES, Process, judge, played

KEPT = {"case": CASES["return owed, part refund beside it"]}
REJECT, WHY, HUMAN, LEAVE = ({"act": act} for act in ("reject", "ask_why", "human", "leave"))


def accept(option: str) -> dict[str, str]:
    return {"act": "accept", "option": option}


def counter(remedy: str, fen: int) -> dict[str, Any]:
    return {"act": "counter", "remedy": remedy, "fen": fen}


def ids(line: dict[str, Any]) -> list[str]:
    return [option["id"] for option in line["options"]]


def test_a_whole_stream_through_the_real_command() -> None:
    shop = Process()
    first = shop.say(KEPT)
    assert (first["turn"], first["say"], first["final"]) == (1, "offer", False)
    assert {"id", "remedy", "fen", "cost_fen", "text"} <= first["options"][0].keys()
    assert shop.say(b"{ not json")["say"] == "error"
    assert shop.say(b"\xff\xfe")["say"] == "error"
    assert shop.say(WHY)["reasons"]
    assert shop.say(accept(first["options"][0]["id"]))["say"] == "settled"
    end = shop.hear()
    assert end["say"] == "end"
    row = end["ledger"][0]
    assert row.keys() == {"id", "at", "order_id", "line_id", "cause", "remedy", "fen", "state"}
    assert (row["remedy"], row["fen"], row["state"]) == ("return_refund", 25900, "awaiting_return")
    again = shop.say(KEPT)
    assert again == first
    rest, status = shop.end()
    assert (rest, status) == (b"", 0)


def test_a_bad_policy_file_ends_with_status_one(tmp_path: Any) -> None:
    bad = tmp_path / "policy.yml"
    bad.write_text("negotiation: {rounds: 9}\n", encoding="utf-8")
    shop = Process("--policy", str(bad))
    assert shop.end()[1] == 1


def test_the_legal_remedy_is_named_as_a_right_in_every_menu() -> None:
    lines = played(KEPT, REJECT)
    for line in lines:
        right = [option for option in line["options"] if option["right"]]
        assert right
        assert all("您的权利" in option["text"] for option in right)


def test_a_menu_of_one_says_how_to_have_something_else() -> None:
    (line,) = played({"case": CASES["change of mind"]})
    assert len(line["options"]) == 1
    assert "想要别的方式" in line["text"]


def test_keeping_the_goods_stands_beside_the_return() -> None:
    (line,) = played(KEPT)
    assert [(option["remedy"], option["fen"]) for option in line["options"]] == [
        ("return_refund", 25900), ("refund_part", 7770),
    ]
    assert "%" not in line["text"]


def test_offers_stand_after_they_were_rejected() -> None:
    first, second, settled, end = played(KEPT, REJECT, accept("refund_part-7770"))
    assert "refund_part-7770" in ids(first)
    assert second["turn"] == 2
    assert (settled["say"], settled["option"]) == ("settled", "refund_part-7770")
    assert [(row["remedy"], row["fen"], row["state"]) for row in end["ledger"]] == [("refund_part", 7770, "due")]


def test_a_rejected_final_offer_is_answered_by_a_person() -> None:
    lines = played(KEPT, *[REJECT] * 5)
    finals = [line for line in lines if line.get("final")]
    assert len(finals) == 1
    after = lines[lines.index(finals[0]) + 1]
    assert (after["say"], after["reason"]) == ("human", "dispute")
    assert lines[lines.index(after) + 1] == {"say": "end", "ledger": []}


def test_why_is_the_same_offer_with_reasons() -> None:
    first, why = played(KEPT, WHY)
    assert why["turn"] == first["turn"]
    assert ids(why) == ids(first)
    assert why["final"] == first["final"]
    assert all({"rule", "text", "source"} <= reason.keys() for reason in why["reasons"])
    assert "ND-03" in [reason["rule"] for reason in why["reasons"]]


@pytest.mark.parametrize(
    "bad",
    [
        "{", "[]", "null", '"accept"', '{"act":"dance"}', '{"act":"accept"}', '{"act":"accept","option":"refund-1"}',
        '{"act":"accept","option":7}', '{"act":"counter"}', '{"act":"counter","remedy":"refund_part","fen":-5}',
        '{"act":"counter","remedy":"money","fen":5}', '{"act":"counter","remedy":"refund_part","fen":"20"}',
        '{"act":"counter","remedy":"refund_part","fen":10.5}', '{"act":"reject","extra":1}', '{"case":{}}', "{}",
        '{"act":"counter","remedy":"none","fen":0}', '{"act":"evidence"}', "[" * 2000,
    ],
)
def test_an_act_that_cannot_be_used_changes_nothing(bad: str) -> None:
    plain = played(KEPT, REJECT)
    first, error, second = played(KEPT, bad, REJECT)
    assert error["say"] == "error"
    assert error["message"]
    assert [first, second] == plain


@pytest.mark.parametrize("bad", ["{", '{"act":"reject"}', '{"case":{}}', '{"case":7}', '{"case":null}'])
def test_a_case_that_cannot_be_read_is_an_error_and_the_next_one_is_taken(bad: str) -> None:
    error, first = played(bad, KEPT)
    assert error["say"] == "error"
    assert first == played(KEPT)[0]


def test_a_case_of_an_unknown_line_names_the_known_ones() -> None:
    raw = copy.deepcopy(KEPT["case"])
    raw["line_id"] = "L9"
    (error,) = played({"case": raw})
    assert error["say"] == "error"
    assert "line_id" in error["message"]


def test_a_policy_override_that_cannot_be_used_is_an_error() -> None:
    raw = copy.deepcopy(KEPT["case"])
    raw["policy"] = {"negotiation": {"rounds": 0}}
    (error,) = played({"case": raw})
    assert error["say"] == "error"
    assert "rounds" in error["message"]


def test_blank_lines_are_nothing() -> None:
    assert played("", KEPT, "   ") == played(KEPT)


@pytest.mark.parametrize(("act", "says"), [(HUMAN, "human"), (LEAVE, "end")])
def test_going_leaves_no_money_in_the_ledger(act: dict[str, str], says: str) -> None:
    lines = played(KEPT, act)
    assert lines[1]["say"] == says
    assert lines[-1] == {"say": "end", "ledger": []}


def test_asking_for_a_person_is_answered_at_once() -> None:
    assert played(KEPT, HUMAN)[1]["reason"] == "asked"


@pytest.mark.parametrize(
    ("name", "options", "needs"),
    [("needs evidence", 0, ["photo"]), ("refused", 0, [])],
)
def test_with_nothing_to_offer_the_menu_is_empty(name: str, options: int, needs: list[str]) -> None:
    line, human, end = played({"case": CASES[name]}, REJECT)
    assert (line["say"], len(line["options"]), line["needs"], line["final"]) == ("offer", options, needs, True)
    assert line["reasons"]
    assert human["say"] == "human"
    assert end["ledger"] == []


def test_evidence_opens_what_was_closed() -> None:
    first, second = played({"case": CASES["needs evidence"]}, {"act": "evidence", "evidence": ["photo"]})
    assert first["options"] == []
    assert "return_refund-8900" in ids(second)


def test_a_case_for_a_person_goes_to_a_person() -> None:
    human, end = played({"case": CASES["a person's"]})
    assert (human["say"], human["reason"]) == ("human", "safety")
    assert end == {"say": "end", "ledger": []}


def test_a_counter_the_shop_takes_is_shown_first_then_accepted() -> None:
    case = {"case": CASES["negotiable only"]}
    offered = played(case)[0]["options"][0]["fen"]
    _, shown, settled, end = played(case, counter("refund_part", offered), accept(f"refund_part-{offered}"))
    assert shown["say"] == "offer"
    assert f"refund_part-{offered}" in ids(shown)
    assert settled["say"] == "settled"
    assert end["ledger"][0]["fen"] == offered


def test_a_counter_below_the_entitlement_is_raised_to_it() -> None:
    case = {"case": CASES["negotiable only"]}
    offered = played(case)[0]["options"][0]["fen"]
    _, shown = played(case, counter("refund_part", 100))
    assert ids(shown) == [f"refund_part-{offered}"]
    assert "按应得的给" in shown["text"]


def test_a_counter_above_gets_the_same_form_at_the_entitlement() -> None:
    case = {"case": CASES["negotiable only"]}
    assert ids(played(case, counter("refund_part", 8900))[1]) == ids(played(case)[0])


def test_money_for_kept_goods_is_one_form_whatever_it_is_called() -> None:
    raw = raw_case("exchange", ["quality_defect"], unit=8900, evidence=ALL_PICTURES, traits=["virtual"])
    _, shown = played({"case": raw}, counter("coupon", 500))
    assert "优惠券这件事办不到：按规则，这一单没有这一项" in shown["text"]
    _, shown = played({"case": raw}, counter("refund_part", 1000))
    assert "您提的比您应得的少" in shown["text"]
    assert shown["options"][0]["id"] == "refund-8900"


def test_after_a_refusal_there_is_something_new_as_long_as_the_case_has_it() -> None:
    raw = raw_case("compensation", ["damaged_in_transit"], unit=37286, evidence=["photo", "parcel_photo"])
    first, second = played({"case": raw}, REJECT)
    assert len(first["options"]) == 3
    assert set(ids(second)) - set(ids(first)) == {"refund_part-11186"}
    assert second["final"]


def test_goodwill_of_pennies_is_not_offered_and_goodwill_admits_nothing() -> None:
    def goodwill(unit: int) -> dict[str, Any]:
        late = {"fresh_problem": "dead"}
        raw = raw_case("refund", ["not_as_described"], unit=unit, evidence=["photo"], traits=["fresh"], facts=late)
        return played({"case": raw})[0]

    assert goodwill(300)["options"] == []
    offered = goodwill(9900)
    assert ids(offered) == ["coupon-990"]
    assert "责任在我们" not in offered["text"]


def test_a_form_that_cannot_be_is_told_with_the_reason() -> None:
    _, shown = played(KEPT, counter("repair", 0))
    assert "维修这件事办不到：按规则" in shown["text"]
    assert shown["say"] == "offer"
    assert shown["options"]


def test_countering_does_not_go_on_for_ever() -> None:
    lines = played({"case": CASES["negotiable only"]}, *[counter("refund_part", 3000 + step) for step in range(12)])
    assert [line["say"] for line in lines[:5]].count("offer") <= 4
    assert "human" in [line["say"] for line in lines]


def test_acts_after_the_end_are_for_no_case() -> None:
    lines = played(KEPT, LEAVE, REJECT, KEPT)
    assert [line["say"] for line in lines] == ["offer", "end", "error", "offer"]


@pytest.mark.parametrize("name", CASES)
def test_nothing_carries_over_between_cases(name: str) -> None:
    acts = [REJECT, counter("refund_part", 3000), WHY, LEAVE]
    alone = played({"case": CASES[name]}, *acts)
    start = [line["say"] for line in alone].index("end") + 1
    other = {"case": CASES["three legal remedies"]}
    before = played(other, REJECT, HUMAN)
    assert played(other, REJECT, HUMAN, {"case": CASES[name]}, *acts)[len(before) :][:start] == alone[:start]


@pytest.mark.parametrize("name", CASES)
def test_the_decision_of_the_assessment_decides_the_first_line(name: str) -> None:
    decision = judge(read_case(CASES[name])).decision
    line = played({"case": CASES[name]})[0]
    if decision == "human":
        assert line["say"] == "human"
    elif decision in {"needs_evidence", "refused"}:
        assert line["options"] == []
    else:
        assert line["options"]


@pytest.mark.parametrize("name", ["a coupon at the limit", "late on the way"])
def test_where_only_goodwill_is_left_its_limit_is_offered(name: str) -> None:
    (line,) = played({"case": CASES[name]})
    assert [(option["remedy"], option["fen"]) for option in line["options"]] == [("coupon", 890)]
    assert line["options"][0]["cost_fen"] <= 890


def test_a_price_difference_is_paid_as_worked_out() -> None:
    first, settled, end = played({"case": CASES["price difference"]}, accept("price_difference-1000"))
    assert "10.00元" in first["options"][0]["text"]
    assert settled["say"] == "settled"
    assert [(row["remedy"], row["fen"]) for row in end["ledger"]] == [("price_difference", 1000)]


def test_exchange_carries_no_sum_and_freight_comes_on_top() -> None:
    raw = raw_case(
        "exchange", ["quality_defect"], unit=8900, evidence=["photo"], facts={"return_freight_fen": 1200}
    )
    first = played({"case": raw})[0]
    exchange = next(option for option in first["options"] if option["remedy"] == "exchange")
    assert exchange["fen"] == 0
    assert {"remedy": "freight", "fen": 1200} in exchange["parts"]
    assert exchange["cost_fen"] == sum(
        part["fen"] for part in exchange["parts"] if part["remedy"] == "refund_part"
    )
    assert "运费12.00元照付" in first["text"]
    *_, end = played({"case": raw}, accept(exchange["id"]))
    states = {row["remedy"]: (row["fen"], row["state"]) for row in end["ledger"]}
    assert states["exchange"] == (0, "due")
    assert states["freight"] == (1200, "awaiting_return")
