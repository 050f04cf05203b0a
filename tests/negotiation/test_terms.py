"""The owner's terms: every default stands in policy.yml, what cannot be used is refused with its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot.command import main
from bot.negotiation.terms import read_terms
from tests.negotiation.table import CASES, played

FILE = Path(__file__).resolve().parents[2] / "policy.yml"


def test_the_owner_s_file_shows_every_term_with_its_default() -> None:
    _, shown = FILE.read_text(encoding="utf-8").split("\nnegotiation: {}\n")
    uncommented = "\n".join(line.removeprefix("#") for line in shown.splitlines())
    section = yaml.safe_load("negotiation:\n" + uncommented)["negotiation"]
    assert read_terms(section) == read_terms()
    assert set(section) == set(read_terms().__struct_fields__)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{rounds: 9}", "negotiation.rounds"),
        ("{value: {premium: 0.9}}", "negotiation.value.premium"),
        ("{value: {premum: 0.1}}", "premum"),
        ("{opens: []}", "opens"),
        ("{opens: [{upto: 1.0, none: best, some: part, strong: part}]}", "negotiation.opens"),
        ("{tiers: [{name: part, title: 部分退款, remedies: [refund_part]}]}", "opens"),
        ("[]", "negotiation"),
        ("{severity: {quality_defect: 1.5}}", "negotiation.severity"),
    ],
)
def test_the_check_refuses_terms_that_cannot_be_used(tmp_path: Path, text: str, named: str) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text(f"negotiation: {text}\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["policy", "check", str(policy)])
    assert done.exit_code == 1
    assert named in done.stderr


def offered(terms: dict[str, Any]) -> list[tuple[str, int]]:
    """The first menu of a minor defect kept by the customer, under the owner's terms."""
    case = {**CASES["negotiable only"], "policy": {"negotiation": terms}}
    return [(option["remedy"], option["fen"]) for option in played({"case": case})[0]["options"]]


def test_the_owner_s_premium_moves_what_is_offered_within_the_cap() -> None:
    (remedy, usual), (_, more) = offered({})[0], offered({"value": {"premium": 0.1}})[0]
    assert remedy == "refund_part"
    assert usual < more <= 2670


def test_a_tier_that_is_not_opened_is_not_offered() -> None:
    closed = [{"upto": 1.0, "none": "goodwill", "some": "goodwill", "strong": "goodwill"}]
    assert offered({"opens": closed}) == []


def test_the_law_needs_no_tier() -> None:
    closed = {"opens": [{"upto": 1.0, "none": "explain", "some": "explain", "strong": "explain"}]}
    case = {**CASES["three legal remedies"], "policy": {"negotiation": closed}}
    assert "return_refund" in [option["remedy"] for option in played({"case": case})[0]["options"]]
