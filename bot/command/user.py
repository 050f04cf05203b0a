"""`heqi user`: the desk's users."""

from __future__ import annotations

import click

from bot.store.models.agent import ROLES


@click.group()
def command() -> None:
    """工作台用户。"""


@command.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="客服、主管或店主 / agent, supervisor or owner")
@click.option("--password", prompt="密码", hide_input=True, confirmation_prompt="再输一次", help="不给就会问 / asked for when not given")
def add(name: str, role: str, password: str) -> None:
    """新增用户 NAME;已有的用户换成新的角色和密码。"""
    from bot import clock
    from bot.store import migration
    from bot.store.database import session
    from bot.store.models import Agent, AuditEntry
    from bot.store.password import ADVISED, hashed

    if not name.strip():
        raise click.BadParameter("名字不能为空", param_hint="NAME")
    if not password:
        raise click.BadParameter("密码不能为空", param_hint="--password")
    if len(password) < ADVISED:
        click.echo(f"密码少于 {ADVISED} 个字符,容易被猜到 / fewer than {ADVISED} characters: easily guessed", err=True)
    migration.upgrade()
    with session() as opened:
        agent = opened.get(Agent, name)
        if agent is None:
            agent = Agent(name=name)
            opened.add(agent)
        agent.role, agent.password_hash = role, hashed(password)
        agent.failures, agent.locked_until = 0, None
        opened.add(AuditEntry(at=clock.now(), who="heqi user add", what="user_set", detail={"name": name, "role": role}))
    click.echo(f"{name}({role})可以登录工作台了 / may sign in to the desk")
