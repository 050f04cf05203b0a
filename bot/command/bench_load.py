"""`heqi bench load`: simulated customers hold whole conversations with a product of their own.

The product runs on free ports over a fresh database in a temporary folder; nothing of the shop is
touched. Without time to think each customer answers at once: that shows where the product is full.
With it (`--think`), it shows what customers feel. With `--minutes` one number of customers goes on and on,
a line a minute: that shows whether memory stays.
"""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

TOO_SLOW = 1.0
"""Seconds of a turn's p95 from which on the product is full (issue 7)."""

FIRST_REPLY = 0.4
"""Seconds of the first reply's p95 (issue 6)."""

CUSTOMERS_A_SECOND = 8
"""More than any two cores serve."""


@contextmanager
def database(place: Path, postgres: str | None) -> Iterator[str]:
    """The URL of a fresh database: a file in `place`, or one on this PostgreSQL server, dropped afterwards."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url

    from bot.store import migration
    from bot.store.database import engine

    if postgres is None:
        url = f"sqlite:///{place / 'heqi.db'}"
        migration.upgrade(url)
        yield url
        return
    name = f"heqi_load_{uuid.uuid4().hex[:12]}"
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT", future=True)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    try:
        migration.upgrade(url)
        yield url
    finally:
        engine(url).dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def numbers(_context: click.Context, _option: click.Parameter, value: str) -> list[int]:
    if not all(part.strip().isdigit() and int(part) > 0 for part in value.split(",")):
        raise click.BadParameter("应为正整数,用逗号分开,例如 1,5,10,20")
    return [int(part) for part in value.split(",")]


@click.command()
@click.option("--at-once", default="1,5,10,20,40", show_default=True, callback=numbers, help="各步同时有多少位顾客在谈")
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(min=1), help="每步多久")
@click.option("--think", default=0.0, show_default=True, type=click.FloatRange(min=0), help="顾客每句话之前想多少秒")
@click.option("--minutes", type=click.IntRange(min=2), help="一直谈这么多分钟,每分钟一行,看内存平不平;人数取 --at-once 的第一个")
@click.option("--first-reply", is_flag=True, help="只量第一句回复:20 位顾客,每句想 3 秒")
@click.option("--postgres", help="用这台 PostgreSQL(管理员的 URL)建一个临时库;不给就用 SQLite")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="另存为 JSON")
def command(
    at_once: list[int], seconds: float, think: float, minutes: int | None, first_reply: bool, postgres: str | None, json_file: Path | None
) -> None:
    """负载:整段整段的会话,一步比一步多,看每句多久有回答。"""
    import msgspec
    from tqdm import tqdm

    from bot import clock
    from bot.load import shop
    from bot.load.product import Product
    from bot.load.step import step
    from bot.store.database import session

    if first_reply:
        at_once, think = [20], 3.0
    if minutes is not None:
        at_once, seconds = at_once[:1] * minutes, 60.0
    with tempfile.TemporaryDirectory(prefix="heqi-load-") as folder, database(Path(folder), postgres) as url:
        known = 0

        def newcomers() -> Iterator[str]:
            yield from waiting

        product = Product(url, Path(folder))
        try:
            product.start()
        except RuntimeError as failure:
            product.stop()
            raise click.ClickException(str(failure)) from failure
        try:
            before = product.memory()
            click.echo(f"{'PostgreSQL' if postgres else 'SQLite'},{os.cpu_count()} 核,想 {think:g} 秒;毫秒;CPU 为每句毫秒")
            click.echo("同时  句/秒    p50    p95    p99  首句p95  错误  CPU rasa/actions/web/顾客   别人占核  内存MB rasa/actions/web")
            rows = []
            for count in tqdm(at_once, unit=" 步", disable=not sys.stderr.isatty()):
                more = count + int(min(seconds * CUSTOMERS_A_SECOND, count * seconds / think if think else float("inf")))
                with session(url) as db:
                    waiting = shop.open_with(db, range(known, known + more), clock.now())
                known += more
                row = step(product, newcomers, count, seconds, think)
                rows.append(row)
                cpu, mb = row.cpu_per_turn, row.memory_mb
                click.echo(
                    f"{row.at_once:>4} {row.turns_per_second:>6.1f} {row.p50 * 1000:>6.0f} {row.p95 * 1000:>6.0f} {row.p99 * 1000:>6.0f} "
                    f"{row.first_p95 * 1000:>7.0f} {sum(row.errors.values()):>5}  "
                    f"{cpu['rasa']:>6.1f} {cpu['actions']:>6.1f} {cpu['web']:>6.1f} {cpu['customers']:>6.1f}   {row.others_cpu:>6.2f}   "
                    f"{mb['rasa']:>6} {mb['actions']:>5} {mb['web']:>5}"
                )
        finally:
            product.stop()
    full = next((row.at_once for row in rows if row.p95 > TOO_SLOW), None)
    click.echo(f"内存开始时 {', '.join(f'{name} {mb:.0f}' for name, mb in before.items())} MB")
    if minutes is not None:
        middle, end = rows[minutes // 2].memory_mb, rows[-1].memory_mb
        grown = {name: (mb - middle[name]) / (minutes - 1 - minutes // 2 or 1) for name, mb in end.items()}
        click.echo(f"内存后一半每分钟 {', '.join(f'{name} {mb:+.2f}' for name, mb in grown.items())} MB")
    click.echo(f"p95 超过 1 秒:{f'{full} 位同时' if full else '没有'};首句 p95 要求 {FIRST_REPLY * 1000:.0f} 毫秒")
    failed = sum(sum(row.errors.values()) for row in rows)
    if json_file is not None:
        told = {"database": "postgresql" if postgres else "sqlite", "memory_before_mb": before, "steps": msgspec.to_builtins(rows)}
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    if failed:
        raise click.ClickException(f"{failed} 段会话没有谈完:{[row.errors for row in rows]}")
