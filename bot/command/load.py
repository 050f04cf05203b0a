"""`heqi load SHOP.json`: loads a shop snapshot into the configured database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot import clock
from bot.store import migration, snapshot
from bot.store.database import session


@click.command()
@click.argument("shop_json", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(shop_json: Path) -> None:
    """载入店铺快照 SHOP_JSON(contracts.md 第 2 节);载入两次与一次相同。"""
    from tqdm import tqdm

    try:
        shop = snapshot.read(shop_json.read_bytes())
        migration.upgrade()
        with session() as opened, tqdm(total=shop.size(), unit=" 条", disable=not sys.stderr.isatty()) as bar:
            changed = snapshot.merge(opened, shop, clock.now(), bar.update)
    except snapshot.BadSnapshot as wrong:
        raise click.ClickException(f"{shop_json}: {wrong}") from wrong
    counts = f"商品 {len(shop.skus)},价格 {len(shop.prices)},顾客 {len(shop.customers)},订单 {len(shop.orders)}"
    click.echo(f"{'已载入' if changed else '没有变化'}:{counts}", err=True)
