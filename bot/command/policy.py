"""`heqi policy`: what the owner does with a policy file."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.aftersales.money import yuan
from bot.aftersales.policy import BadPolicy, Policy, load_policy
from bot.negotiation.terms import read_terms

if TYPE_CHECKING:
    from bot.cases.preview import Budget, Compared, Past, Side, Total


@click.group()
def command() -> None:
    """检查、预演、启用店铺政策。"""


def read(file: str) -> Policy:
    """The policy of a file, its negotiation terms checked too. Raises ClickException with the field and what
    would be right."""
    try:
        policy = load_policy(file)
        read_terms(policy.negotiation)
    except ValueError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    return policy


@command.command()
@click.argument("file", type=click.Path())
def check(file: str) -> None:
    """检查政策文件：格式、取值、法律与平台的下限。"""
    click.echo(f"可以使用，版本 {read(file).version}；启用：heqi policy apply {file}")


@command.command()
@click.argument("file", type=click.Path())
@click.option("--days", type=click.IntRange(min=1), help="只看最近多少天的案子（缺省：全部）")
@click.option("--budget", metavar="元", type=click.FloatRange(min=0), help="这些案子的预算（元）：算出诚意（negotiation.value.premium）最高可以设多少")
@click.option("--all", "show_all", is_flag=True, help="没有变化的案子也列出")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def preview(file: str, days: int | None, budget: float | None, show_all: bool, as_json: bool) -> None:
    """用新政策重新判一遍过去的案子：谁会得到什么、花多少，启用之前先看。"""
    import msgspec
    from tqdm import tqdm

    from bot import clock
    from bot.cases import preview as comparing
    from bot.cases.policy import current
    from bot.store.database import session

    after = read(file)
    since = clock.now() - timedelta(days=days) if days else None
    try:
        with session(read_only=True) as opened:
            past = comparing.past(opened, since)
        before = current()
        with tqdm(total=len(past.cases), desc="案子", disable=None, leave=False) as bar:
            rows = comparing.compare(past.cases, before, after, bar.update)
        planned = None
        if budget is not None and past.cases:
            with tqdm(desc="预算", disable=None, leave=False) as bar:
                planned = comparing.within(past.cases, after, round(100 * budget), bar.update)
    except BadPolicy as wrong:
        raise click.ClickException(str(wrong)) from wrong
    sums = comparing.total(rows)
    if as_json:
        document = {
            "before": before.version,
            "after": after.version,
            "total": msgspec.to_builtins(sums),
            "cases": [{**msgspec.to_builtins(row), "changed": row.changed} for row in rows],
            "unreadable": list(past.unreadable),
        }
        if planned is not None:
            document["budget"] = msgspec.to_builtins(planned)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    click.echo(f"现行 {before.version} → 新政策 {after.version}")
    for row in rows:
        if row.changed or show_all:
            click.echo(line_of(row))
    click.echo("\n".join(summary(sums, past)))
    if planned is not None:
        click.echo(in_budget(planned))
    elif budget is not None:
        click.echo("预算      没有过去的案子，算不出来")


def line_of(row: Compared) -> str:
    what = "、".join((row.wish, *row.issues))
    mark = "" if row.changed else "（不变）"
    return f"{row.case_id}  {what}{mark}\n    现行 {in_words(row.before)}\n    新的 {in_words(row.after)}"


def in_words(side: Side) -> str:
    person = f"，人工 {side.person}" if side.person else ""
    offered = f"\n        方案 {'；'.join(side.offered)}（预计花费 {yuan(side.spend_fen)}）" if side.offered else ""
    given = "、".join(side.remedies) or "无"
    return f"{side.decision}：{given}，应付 {yuan(side.owed_fen)}，最多 {yuan(side.most_fen)}{person}{offered}"


def in_budget(planned: Budget) -> str:
    """The premium for the budget, in words."""
    tried = "、".join(f"{premium:.2f} → {yuan(fen)}" for premium, fen in planned.tried)
    if planned.premium is None:
        found = f"诚意设为 0 仍预计花费 {yuan(planned.spend_fen)}：应得的不因预算减少，请调高预算或改别的条款"
    else:
        found = f"诚意（negotiation.value.premium）最高可设 {planned.premium:.2f}，预计花费 {yuan(planned.spend_fen)}"
    return f"预算      {yuan(planned.budget_fen)}：{found}\n          试过 {tried}"


def summary(sums: Total, past: Past) -> list[str]:
    lines = [
        f"{sums.cases} 个案子，{sums.changed} 个有变化：{sums.more} 个最多可给的变多，{sums.less} 个变少",
        f"方案      {sums.offered_more} 个案子给的更值钱，{sums.offered_less} 个更少",
        f"应付合计  {yuan(sums.before_owed_fen)} → {yuan(sums.after_owed_fen)}",
        f"最多合计  {yuan(sums.before_most_fen)} → {yuan(sums.after_most_fen)}",
        f"预计花费  {yuan(sums.before_spend_fen)} → {yuan(sums.after_spend_fen)}（货、运费都算；每种偏好各选最喜欢的）",
        f"转人工    {sums.before_persons} → {sums.after_persons}",
    ]
    if past.unreadable:
        lines.append(f"{len(past.unreadable)} 个案子的事实已经读不到，没有算进来：{'、'.join(past.unreadable)}")
    return lines


@command.command()
@click.argument("file", type=click.Path(), required=False)
def apply(file: str | None) -> None:
    """启用新政策（缺省：HEQI_POLICY 所指的文件）：检查，存进数据库，每个进程、每台机器马上用新的；HEQI_POLICY 所指的文件也换成它。"""
    from bot import clock
    from bot.cases import policy
    from bot.settings import settings
    from bot.store.database import session

    chosen = file or settings().policy
    read(chosen)
    try:
        with session() as opened:
            version = policy.put_in_force(opened, Path(chosen).read_text(encoding="utf-8"), clock.now(), by="heqi policy apply").version
    except policy.ChangedMeanwhile as changed:
        raise click.ClickException("同时有人启用了别的政策，这一次什么都没改；请看过再来") from changed
    kept = policy.copy_to_file()
    file_now = f"还是原来的样子，不碍事（{kept}）" if kept else "也换成了它"
    click.echo(f"已启用，版本 {version}；{settings().policy} {file_now}")


@command.command()
def history() -> None:
    """用过的政策版本，从早到晚。"""
    from bot.cases.policy import history as versions
    from bot.store.database import session

    with session(read_only=True) as opened:
        for row in versions(opened):
            click.echo(f"{row.at.isoformat()}  {row.version}  {row.source}  {row.by}")


@command.command()
@click.argument("version", required=False)
def show(version: str | None) -> None:
    """现行的政策，照写的样子；给了版本就是那个版本的全部参数（YAML，可以另存后 heqi policy apply）。"""
    from bot.cases.policy import as_yaml, in_force, of_version
    from bot.store.database import session

    with session(read_only=True) as opened:
        try:
            text = in_force(opened).text if version is None else as_yaml(of_version(opened, version))
        except BadPolicy as bad:
            raise click.ClickException(str(bad)) from bad
        except LookupError as unknown:
            raise click.ClickException(f"VERSION: {unknown}") from unknown
    click.echo(text, nl=not text.endswith("\n"))
