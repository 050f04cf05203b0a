"""`heqi bench assess`: assessments a second on one core, by the Python call and through `heqi assess`.

The cases are the demo shop's: every order line with every wish and in turn every issue, so that all
tables of the rules are walked and not one that happens to be short.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any, get_args

import click
import msgspec

from bot.aftersales.benchmark import assessments_per_second
from bot.aftersales.case import Case, Customer, Evidence, Issue, PriceNow, Wish
from bot.aftersales.period import SHANGHAI
from bot.aftersales.policy import Policy
from bot.store.demo import snapshot_at

AT = datetime(2026, 11, 25, 12, tzinfo=SHANGHAI)
LEAST_CALL, LEAST_COMMAND = 5000, 2000
"""What issue 3 asks for, assessments a second."""


def cases() -> list[Case]:
    """The demo shop's order lines, each with every wish; issue, evidence and price in turn."""
    shop = snapshot_at(AT)
    skus = {sku.sku_id: sku for sku in shop.skus}
    issues = cycle([(issue,) for issue in get_args(Issue)] + [()])
    evidence: cycle[tuple[Any, ...]] = cycle([(), get_args(Evidence)])
    made = []
    for order in shop.orders:
        for line in order.lines:
            price = PriceNow(now_fen=line.unit_paid_fen * 9 // 10, at=AT, sku_id=line.sku_id)
            for wish in get_args(Wish):
                made.append(Case(
                    now=AT, order=order, sku=skus[line.sku_id], line_id=line.line_id, wish=wish,
                    customer=Customer(order.customer_id), issues=next(issues), evidence=next(evidence), price=price,
                ))
    return made


def through_command(given: list[Case], least: int) -> tuple[int, float]:
    """Feeds at least `least` cases to one `heqi assess` → (cases, seconds with the start of the process)."""
    once = b"".join(msgspec.json.encode(case) + b"\n" for case in given)
    times = -(-least // len(given))
    run = [sys.executable, "-c", "from bot.command import main; main()", "assess"]
    started = perf_counter()
    done = subprocess.run(run, input=once * times, stdout=subprocess.PIPE, check=True)
    spent = perf_counter() - started
    answers = done.stdout.count(b"\n")
    if answers != len(given) * times or b'{"error"' in done.stdout:
        raise click.ClickException(f"heqi assess 回答了 {answers} 行，应为 {len(given) * times} 行且没有错误")
    return answers, spent


@click.command()
@click.option("--seconds", default=3.0, show_default=True, type=click.FloatRange(min=0.1), help="直接调用量多久")
@click.option("--lines", default=20000, show_default=True, type=click.IntRange(min=1), help="命令行喂多少行")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="另存为 JSON")
def command(seconds: float, lines: int, json_file: Path | None) -> None:
    """规则：一秒判定多少个案子（直接调用、heqi assess）。"""
    given = cases()
    call = assessments_per_second(given, Policy(), seconds)
    count, spent = through_command(given, lines)
    measured = {
        "cases": len(given),
        "call_per_second": round(call),
        "command_lines": count,
        "command_seconds": round(spent, 3),
        "command_per_second": round(count / spent),
    }
    click.echo(f"案子 {len(given)} 个（演示店）")
    click.echo(f"直接调用      {measured['call_per_second']:>7} 个/秒（要求 {LEAST_CALL}）")
    click.echo(f"heqi assess   {measured['command_per_second']:>7} 个/秒（要求 {LEAST_COMMAND}，{count} 行，含启动）")
    if json_file is not None:
        json_file.write_text(json.dumps(measured, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
