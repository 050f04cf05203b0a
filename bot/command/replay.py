"""`heqi replay CASE_ID`: makes the assessments of a case again, each under the policy of its day."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("case_id")
def command(case_id: str) -> None:
    """重放一个案子的判定：用当时的事实和政策再判一遍，每次一行 JSON；有不同的，退出码 1。"""
    import msgspec

    from bot.cases import judgement
    from bot.store import models
    from bot.store.database import session

    with session(read_only=True) as opened:
        if opened.get(models.Case, case_id) is None:
            raise click.ClickException(f"CASE_ID: 没有编号为 {case_id} 的案子")
        try:
            replayed = judgement.replay(opened, case_id)
        except LookupError as unknown:
            raise click.ClickException(str(unknown)) from unknown
    for each in replayed:
        click.echo(json.dumps(msgspec.to_builtins(each), ensure_ascii=False))
    different = sum(not each.same for each in replayed)
    if different:
        raise click.ClickException(f"{len(replayed)} 次判定里有 {different} 次和当时不同")
    if not replayed:
        click.echo("这个案子还没有判定", err=True)
