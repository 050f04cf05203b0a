"""Simulated customers against the engine: few claims, fixed seed, and the gates that hold for every one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.command import main
from bot.negotiation.simulation import foreign
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.simulation.claim import claim, claims
from bot.negotiation.simulation.deck import Ground
from bot.negotiation.simulation.fairness import holding_out, twins_of
from bot.negotiation.simulation.measure import (
    ORACLE_STANDS,
    STANDS,
    Figures,
    Plan,
    Played,
    figures_of,
    play_some,
    product,
    run,
)
from bot.negotiation.terms import read_terms

GIVEN = Assumptions()
NAMES = ("fixed ladder", "posted entitlement", STANDS, ORACLE_STANDS)


@cache
def played() -> Played:
    return run(Plan(7, names=NAMES, twinned=80), 160)


def of(name: str) -> Figures:
    return figures_of(name, played())


def test_a_claim_is_the_same_however_many_are_drawn() -> None:
    assert claims(5, 3, GIVEN) == [claim(number, 3, GIVEN) for number in range(5)]
    assert claim(0, 3, GIVEN) != claim(0, 4, GIVEN)


def test_the_population_has_every_kind_of_customer_and_claim() -> None:
    drawn = claims(400, 3, GIVEN)
    assert {one.customer.kind for one in drawn} == set(GIVEN.kinds)
    assert {one.fault for one in drawn} == set(GIVEN.losses)
    assert {one.evidence for one in drawn} == {"none", "some", "strong"}
    assert 0.02 < sum(one.customer.malicious for one in drawn) / len(drawn) < 0.12


def test_no_deal_breaks_the_law_or_the_cap() -> None:
    assert of(STANDS).breach == 0
    assert of(STANDS).above_cap == 0
    assert of("fixed ladder").breach > 0


def test_the_loud_get_no_more_than_the_meek() -> None:
    loudness, of_ladder = of(STANDS).loudness, of("fixed ladder").loudness
    assert loudness is not None
    assert of_ladder is not None
    assert abs(loudness) <= 0.01 < 0.1 < of_ladder


def test_holding_out_brings_next_to_nothing() -> None:
    gain, of_ladder = of(STANDS).held_out, of("fixed ladder").held_out
    assert gain is not None
    assert of_ladder is not None
    assert gain <= 0.014 < 0.5 < of_ladder


def test_nobody_who_knows_the_customer_keeps_the_gates_much_cheaper() -> None:
    assert of(ORACLE_STANDS).cost <= of(STANDS).cost <= of("posted entitlement").cost


def test_processes_do_not_change_the_figures() -> None:
    plan = Plan(7, names=("posted entitlement", STANDS))
    alone, together = run(plan, 130), run(plan, 130, jobs=2)
    assert alone.claims == together.claims
    assert alone.outcomes == together.outcomes


@pytest.mark.parametrize("number", range(40))
def test_twins_see_the_same_first_menu(number: int) -> None:
    ground = Ground(claim(number, 11, GIVEN), read_terms(), GIVEN)
    make = product([])[STANDS]
    menus = []
    for twin in twins_of(ground, 11):
        shown = make(twin).show()
        assert shown is not None
        deck, rows = shown
        menus.append([tuple(deck.features[row]) for row in rows])
    assert menus[0] == menus[1]


def test_what_is_offered_to_somebody_who_refuses_does_not_grow() -> None:
    rising = 0.0
    for number in range(60):
        ground = Ground(claim(number, 11, GIVEN), read_terms(), GIVEN)
        _, worths = holding_out(ground, product([])["Heqi"])
        rising = max(rising, max(worths, default=0.0) - worths[0]) if worths else rising
    assert rising <= 0.08


def test_every_strategy_can_be_played() -> None:
    some = play_some(Plan(5, twinned=6), range(12))
    assert all(len(outcomes) == 12 for outcomes in some.outcomes.values())


def test_the_benchmark_prints_its_tables_and_writes_files(tmp_path: Path) -> None:
    out, pictures = tmp_path / "bench.json", tmp_path / "pictures"
    arguments = ["bench", "negotiation", "--cases", "20", "--twins", "5", "--jobs", "1", "--foreign", "1"]
    done = CliRunner().invoke(main, [*arguments, "--json", str(out), "--pictures", str(pictures)])
    assert done.exit_code == 0, done.output
    assert "fixed ladder" in done.stdout
    assert "above the cap" in done.stdout
    assert "NegMAS" in done.stdout
    report = json.loads(out.read_text(encoding="utf-8"))
    assert len(report["strategies"]) == 16
    assert {path.name for path in pictures.iterdir()} == {"cost-satisfaction.svg", "concessions.svg"}


def test_the_benchmark_refuses_wrong_use() -> None:
    assert CliRunner().invoke(main, ["bench", "negotiation", "--cases", "three"]).exit_code == 2


@pytest.mark.skipif(not foreign.available(), reason="NegMAS is not installed")
def test_negotiators_we_did_not_write_get_no_more_than_the_facts_give() -> None:
    rows = {row.name: row for row in foreign.against(Plan(7), 3, foreign.AGENTS[:6])}
    assert rows[STANDS].breach == 0
    assert rows[STANDS].above_cap == 0
    assert rows[STANDS].spread < rows["fixed ladder"].spread
