"""`heqi policy`: what the owner does with a policy file."""

from __future__ import annotations

import click

from bot.aftersales.policy import BadPolicy, load_policy


@click.group()
def command() -> None:
    """检查、预演店铺政策。"""


@command.command()
@click.argument("file", type=click.Path())
def check(file: str) -> None:
    """检查政策文件:格式、取值、法律与平台的下限。"""
    try:
        policy = load_policy(file)
    except BadPolicy as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(f"可以使用，版本 {policy.version}")
