"""`heqi export CASE_ID`: one case as JSON."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("case_id")
def command(case_id: str) -> None:
    """导出一个案子:事实、判定、方案、消息、账本、凭证。"""
    from bot.cases.export import case_document
    from bot.store.database import session

    with session(read_only=True) as opened:
        document = case_document(opened, case_id)
    if document is None:
        raise click.ClickException(f"CASE_ID: 没有编号为 {case_id} 的案子")
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
