"""`heqi database`: brings the database to the newest shape and, when it is empty, loads the demo shop."""

from __future__ import annotations

import click


@click.command()
@click.option("--demo/--no-demo", default=True, help="空库时载入演示店 / load the demo shop into an empty database")
def command(demo: bool) -> None:
    """建库或升级;空库时载入演示店。"""
    from bot.settings import settings
    from bot.store import demo as demo_shop
    from bot.store import migration
    from bot.store.database import session

    migration.upgrade(settings().database_url)
    if demo:
        with session() as opened:
            if demo_shop.is_empty(opened):
                demo_shop.load(opened)
                click.echo("已载入演示店 / demo shop loaded", err=True)
