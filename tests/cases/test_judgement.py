"""Assessments kept with facts and policy: replayed the same, previewed under a changed policy, versions kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import select, text

from bot.aftersales.case import Case
from bot.aftersales.facts import read_case
from bot.aftersales.policy import Policy
from bot.cases import intake, judgement, policy, preview
from bot.command import main
from bot.store import models
from bot.store.database import session
from tests.aftersales.build import judged, price, protection, raw_case
from tests.cases.conftest import Chat
from tests.cases.test_turns import DROPPED, LAMP, only_case
from tests.dialogues.shop import NOW

OLD_LAMP = {**LAMP, "paid": 20, "shipped": 19, "delivered": 15}


@pytest.fixture
def policy_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "policy.yml"
    path.write_text("{}\n", encoding="utf-8")
    monkeypatch.setenv("HEQI_POLICY", str(path))
    return path


@pytest.fixture
def refused(given: Callable[..., str], policy_file: Path, monkeypatch: pytest.MonkeyPatch) -> models.Case:
    """A return wished a week too late: nothing owed, goodwill up to a tenth of 88.00."""
    monkeypatch.setenv("HEQI_DATABASE_URL", given(OLD_LAMP))
    Chat().say("不想要了退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    return only_case()


def heqi(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def write(path: Path, **overrides: object) -> str:
    path.write_text(yaml.safe_dump(overrides, allow_unicode=True), encoding="utf-8")
    return str(path)


def test_a_case_is_judged_again_as_it_was(refused: models.Case) -> None:
    status, out, _ = heqi("replay", refused.case_id)
    lines = [json.loads(line) for line in out.splitlines()]
    assert (status, [line["same"] for line in lines]) == (0, [True])
    assert lines[0]["policy_version"] == refused.policy_version
    assert lines[0]["again"]["cap_fen"] == refused.cap_fen == 880


def test_what_was_known_then_counts_not_what_the_order_says_now(refused: models.Case) -> None:
    with session() as db:
        order = db.get(models.Order, refused.order_id)
        order.delivered_at = NOW
    assert heqi("replay", refused.case_id)[0] == 0


def test_the_policy_of_its_day_counts_not_todays(refused: models.Case, policy_file: Path) -> None:
    write(policy_file, goodwill_ratio=0.2)
    assert heqi("replay", refused.case_id)[0] == 0
    with session(read_only=True) as db:
        assert policy.of_version(db, refused.policy_version) == Policy()


def test_a_result_that_differs_is_told(refused: models.Case) -> None:
    with session() as db:
        (row,) = db.scalars(select(models.PolicyVersion)).all()
        row.yaml = yaml.safe_dump({"goodwill_ratio": 0.2})
    status, out, err = heqi("replay", refused.case_id)
    assert status == 1
    assert json.loads(out)["again"]["cap_fen"] == 1760
    assert "不同" in err


def test_an_unknown_case_and_version_are_named(refused: models.Case) -> None:
    assert "CASE_ID" in heqi("replay", "nobody")[2]
    assert "VERSION" in heqi("policy", "show", "p-nothing")[2]


def test_preview_shows_who_would_have_got_what_and_changes_nothing(refused: models.Case, tmp_path: Path) -> None:
    new = write(tmp_path / "new.yml", goodwill_ratio=0.2, returns={"window_hours": 30 * 24})
    status, out, _ = heqi("policy", "preview", new, "--json")
    document = json.loads(out)
    assert status == 0
    assert document["total"] | {"before_most_fen": 880, "after_most_fen": 8800, "changed": 1, "more": 1, "less": 0} == document["total"]
    (row,) = document["cases"]
    assert (row["case_id"], row["before"]["decision"], row["after"]["decision"]) == (refused.case_id, "negotiable", "owed")
    assert row["after"]["remedies"] == ["return_refund"]
    assert only_case().cap_fen == 880
    shown = heqi("policy", "preview", new, "--budget", "100")[1]
    assert "8.80元 → 88.00元" in shown
    assert "预算      100.00元：诚意（negotiation.value.premium）最高可设 0.30" in shown


def test_preview_of_the_same_policy_changes_nothing(refused: models.Case, tmp_path: Path) -> None:
    same = write(tmp_path / "same.yml", goodwill_ratio=0.1)
    document = json.loads(heqi("policy", "preview", same, "--json")[1])
    assert document["before"] == document["after"]
    assert (document["total"]["cases"], document["total"]["changed"]) == (1, 0)
    assert refused.case_id not in heqi("policy", "preview", same)[1]
    assert refused.case_id in heqi("policy", "preview", same, "--all")[1]


def broken_mug(line: str, unit: int) -> tuple[str, Case]:
    raw = raw_case("refund", ["quality_defect"], unit=unit, evidence=["photo"], facts={"minor_defect": True})
    return line, read_case(raw)


def test_a_changed_premium_or_tier_shows_what_is_offered_and_what_it_costs() -> None:
    cases = [broken_mug("c1", 8900), broken_mug("c2", 25900)]
    generous = Policy().with_overrides({"negotiation": {"value": {"premium": 0.1}}})
    rows = preview.compare(cases, Policy(), generous)
    sums = preview.total(rows)
    assert (sums.changed, sums.offered_more, sums.offered_less, sums.more) == (2, 2, 0, 0)
    assert sums.after_spend_fen > sums.before_spend_fen > 0
    assert rows[0].before.offered != rows[0].after.offered
    closed = [{"upto": 1.0, "none": "goodwill", "some": "goodwill", "strong": "goodwill"}]
    (row, _) = preview.compare(cases, Policy(), Policy().with_overrides({"negotiation": {"opens": closed}}))
    assert row.before.offered
    assert row.after.offered == ()


def test_the_premium_for_a_budget_is_the_greatest_that_keeps_within_it() -> None:
    cases = [broken_mug("c1", 8900), broken_mug("c2", 25900)]

    def spend(premium: float) -> int:
        changed = Policy().with_overrides({"negotiation": {"value": {"premium": premium}}})
        return sum(preview.side(case, changed).spend_fen for _, case in cases)

    found = preview.within(cases, Policy(), spend(0.07))
    assert found.spend_fen <= found.budget_fen
    assert found.premium is not None
    assert found.premium >= 0.07
    assert found.premium == 0.3 or spend(found.premium + 0.01) > found.budget_fen
    assert preview.within(cases, Policy(), 0).premium is None


def test_preview_refuses_a_policy_below_the_law(refused: models.Case, tmp_path: Path) -> None:
    status, _, err = heqi("policy", "preview", write(tmp_path / "new.yml", returns={"window_hours": 167}))
    assert (status, "returns.window_hours" in err) == (1, True)


def test_apply_puts_the_file_in_force_and_keeps_the_version(refused: models.Case, policy_file: Path, tmp_path: Path) -> None:
    new = write(tmp_path / "new.yml", goodwill_ratio=0.2)
    status, out, _ = heqi("policy", "apply", new)
    assert status == 0
    assert policy.current().goodwill_ratio == 0.2
    version = policy.current().version
    assert version in out
    assert version in heqi("policy", "history")[1]
    assert yaml.safe_load(heqi("policy", "show", version)[1])["goodwill_ratio"] == 0.2
    bad = write(tmp_path / "bad.yml", goodwill_ratio=0.9)
    assert heqi("policy", "apply", bad)[0] == 1
    assert policy.current().version == version


def test_facts_are_rebuilt_where_none_were_kept(refused: models.Case) -> None:
    with session() as db:
        row = db.get(models.Case, refused.case_id)
        row.negotiation = []
        rebuilt = preview.facts_of(db, row)
        kept = judgement.kept(db, row.case_id)[-1].case
        assert (rebuilt.order, rebuilt.wish, rebuilt.issues) == (kept.order, kept.wish, kept.issues)


def test_comparison_counts_what_is_owed_and_who_needs_a_person() -> None:
    from bot.aftersales.facts import read_case

    raw = raw_case("price_protection", ["price_drop"], unit=70000, price=price(10000), protection=protection())
    case = read_case(raw)
    rows = preview.compare([("c1", case)], Policy(), Policy().with_overrides({"auto_limit_fen": 60000}))
    assert (rows[0].before.person, rows[0].after.person) == ("over_limit", None)
    sums = preview.total(rows)
    assert (sums.before_owed_fen, sums.after_owed_fen) == (60000, 60000)
    assert (sums.before_persons, sums.after_persons, sums.changed) == (1, 0, 1)
    assert judged("price_protection", ["price_drop"], unit=70000, price=price(10000), protection=protection()).to_human == "over_limit"


def test_a_case_settled_at_once_is_kept_too(given: Callable[..., str], policy_file: Path) -> None:
    given(DROPPED)
    Chat().say("降价了退我差价", intake.open_case, intent="price_protection")
    with session(read_only=True) as db:
        (kept,) = judgement.kept(db, only_case().case_id)
        assert (kept.result["floor_fen"], kept.result["rules"][0]) == (50000, "PP-24")
        assert db.execute(text("select count(*) from policy_versions")).scalar() == 1
