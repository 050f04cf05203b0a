"""`heqi shop`: what the demo shop's surroundings do, the courier above all."""

from __future__ import annotations

import click

from bot import clock
from bot.store import migration
from bot.store.database import session


@click.group()
def command() -> None:
    """演示店的动作。"""


@command.command()
@click.argument("order_id")
@click.argument("line_id")
def returned(order_id: str, line_id: str) -> None:
    """快递把 ORDER_ID 的 LINE_ID 送回店里,等退货的钱随即退出。"""
    from bot.ledger import ledger

    migration.upgrade()
    try:
        with session() as opened:
            rows = ledger.goods_returned(opened, order_id, line_id, clock.now())
    except ledger.LedgerRefused as refused:
        raise click.ClickException(f"这件商品没有约定退货:{refused}") from refused
    if not rows:
        click.echo("这件商品之前已经退回,没有新的退款。")
    for row in rows:
        state = "已退出" if row.state == "paid" else "平台暂时没有确认,会再试"
        click.echo(f"{row.entry_id} {row.remedy} {row.fen // 100}.{row.fen % 100:02d} 元 {state}")


@command.command()
def demo() -> None:
    """(重新)载入演示店,时间从现在算起;案子与账本不动。"""
    from bot.store import demo as demo_shop

    migration.upgrade()
    with session() as opened:
        demo_shop.load(opened)
    click.echo("已载入演示店 / demo shop loaded", err=True)


@command.command("pay-outs")
def pay_outs() -> None:
    """再试一次平台还没有确认的付款(同一个键,不会付两次)。"""
    from bot.ledger import ledger
    from bot.store.platform import DemoShop

    migration.upgrade()
    rows = ledger.pay_due(session, DemoShop, clock.now())
    for row in rows:
        click.echo(f"{row.entry_id} {row.remedy} {row.fen} {row.state}")
    if not rows:
        click.echo("没有待付的款项。")
