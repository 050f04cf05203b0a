"""The shop's policy: more generous than the law and the platform or equal, never less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from bot.aftersales.assess import assess
from bot.aftersales.facts import read_case
from bot.aftersales.policy import AT_LEAST, AT_MOST, BadPolicy, Policy, load_policy, read_policy
from tests.aftersales.build import DELIVERED, judged, price, protection, raw_case

FILE = Path(__file__).resolve().parents[2] / "policy.yml"


def test_the_owners_file_shows_every_default() -> None:
    assert load_policy(FILE) == Policy()
    shown = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    written = msgspec.to_builtins(Policy())
    assert shown.keys() == written.keys()
    for section, values in written.items():
        if isinstance(values, dict):
            assert shown[section].keys() == values.keys(), section


def test_version_is_the_content_not_the_file() -> None:
    assert Policy().version == load_policy(FILE).version == read_policy({}).version
    assert Policy().version != read_policy({"auto_limit_fen": 50001}).version
    assert Policy().version != read_policy({"negotiation": {"rounds": 3}}).version
    assert judged().policy_version == Policy().version


@pytest.mark.parametrize("floor", AT_LEAST, ids=lambda floor: floor.field)
def test_below_a_floor_is_refused_with_the_article(floor: Any) -> None:
    section, name = floor.field.split(".")
    below = "22:59:59" if name == "staffed_until" else (floor.least - 1 if isinstance(floor.least, int) else floor.least - 0.01)
    with pytest.raises(BadPolicy) as refused:
        read_policy({section: {name: below}})
    assert refused.value.field == floor.field
    assert floor.article in refused.value.wanted


@pytest.mark.parametrize("floor", AT_MOST, ids=lambda floor: floor.field)
def test_above_a_bound_is_refused_with_the_article(floor: Any) -> None:
    section, name = floor.field.split(".")
    above = "08:00:01" if name == "staffed_from" else floor.least + 1
    with pytest.raises(BadPolicy) as refused:
        read_policy({section: {name: above}})
    assert (refused.value.field, floor.article in refused.value.wanted) == (floor.field, True)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"auto_limit_fen": -1}, "auto_limit_fen"),
        ({"auto_limit_fen": 1.5}, "auto_limit_fen"),
        ({"goodwill_ratio": 0.31}, "goodwill_ratio"),
        ({"goodwill_ratio": -0.1}, "goodwill_ratio"),
        ({"goodwill_max_fen": "50"}, "goodwill_max_fen"),
        ({"price_protection": {"ratio": 1.2}}, "price_protection.ratio"),
        ({"price_protection": {"excluded_traits": ["food"]}}, "price_protection.excluded_traits"),
        ({"quality": {"minor_ratio": 0.4}}, "quality.minor_ratio"),
        ({"quality": {"warranties": []}}, "quality.warranties"),
        ({"quality": {"warranties": [{"words": ["手机"], "days": 364}]}}, "quality.warranties"),
        ({"tiers": {"gold": {}}}, "tiers.gold"),
        ({"tiers": {"vip": {"goodwill_ratio": 0.05}}}, "tiers.vip.goodwill_ratio"),
        ({"tiers": {"normal": {"goodwill_max_fen": 1}}}, "tiers.normal.goodwill_max_fen"),
        ([], "(policy)"),
    ],
)
def test_what_cannot_be_used_is_named(raw: Any, field: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        read_policy(raw)
    assert refused.value.field == field


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(BadPolicy, match="generosity"):
        read_policy({"generosity": 9})


def test_a_file_that_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match="file"):
        load_policy(tmp_path / "missing.yml")
    broken = tmp_path / "broken.yml"
    broken.write_text("a: [", encoding="utf-8")
    with pytest.raises(BadPolicy, match="YAML"):
        load_policy(broken)
    empty = tmp_path / "empty.yml"
    empty.write_text("", encoding="utf-8")
    assert load_policy(empty) == Policy()


def test_the_negotiation_section_passes_through() -> None:
    policy = read_policy({"negotiation": {"premium": 0.05, "deep": {"a": [1]}}})
    assert policy.negotiation == {"premium": 0.05, "deep": {"a": [1]}}


def test_overrides_lie_over_the_policy_and_change_its_version() -> None:
    policy = Policy().with_overrides({"auto_limit_fen": 9, "returns": {"window_hours": 240}})
    assert (policy.auto_limit_fen, policy.returns.window_hours, policy.returns.refund_days) == (9, 240, 7)
    assert policy.version != Policy().version
    assert Policy().with_overrides(None) is not None
    assert Policy().with_overrides({}) == Policy()
    with pytest.raises(BadPolicy):
        Policy().with_overrides({"returns": {"window_hours": 100}})


def test_more_generous_policies_work() -> None:
    from bot.aftersales.period import end_of_day

    later = end_of_day(DELIVERED, 9)
    assert judged("return_goods", ["change_of_mind"], now=later, policy={"returns": {"window_hours": 360}}).decision == "owed"
    assert judged("return_goods", ["change_of_mind"], now=later, policy={"goodwill_ratio": 0.2}).cap_fen == 2000
    assert judged("return_goods", ["change_of_mind"], now=later, policy={"goodwill_ratio": 0.3, "goodwill_max_fen": 700}).cap_fen == 700
    assert judged("return_goods", ["change_of_mind"], now=later, policy={"goodwill_ratio": 0}).decision == "refused"
    vip = {"tiers": {"vip": {"goodwill_ratio": 0.15}}}
    assert judged("return_goods", ["change_of_mind"], now=later, policy=vip, customer={"tier": "vip"}).cap_fen == 1500


def test_a_lower_limit_calls_a_person_and_keeps_the_sum() -> None:
    result = judged("price_protection", ["price_drop"], protection=protection(), price=price(9000), policy={"auto_limit_fen": 999})
    assert (result.to_human, result.floor_fen, result.cap_fen) == ("over_limit", 1000, 1000)


def test_overrides_that_cannot_be_used_are_refused_by_the_assessment() -> None:
    case = read_case(raw_case(policy={"goodwill_ratio": 0.9}))
    with pytest.raises(BadPolicy, match="goodwill_ratio"):
        assess(case, Policy())
