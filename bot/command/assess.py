"""`heqi assess`: one case a line on standard input → one assessment a line on standard output.

A line that cannot be judged gets `{"error": {"field", "message"}}` in its place and the rest goes on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from bot.aftersales.assess import assess
from bot.aftersales.facts import BadCase, read_case
from bot.aftersales.policy import BadPolicy, Policy, load_policy
from bot.settings import settings


def policy_in_use(path: str | None) -> Policy:
    """The policy file named, else the one of the settings, else the defaults where there is no file."""
    chosen = path or settings().policy
    if path is None and not Path(chosen).exists():
        return Policy()
    try:
        return load_policy(chosen)
    except BadPolicy as wrong:
        raise click.ClickException(f"政策文件 {chosen}：{wrong}") from wrong


def answer(line: bytes, policy: Policy, encoder: msgspec.json.Encoder) -> bytes:
    """One case as JSON → its assessment or its error as JSON, without the line's end."""
    try:
        return encoder.encode(assess(read_case(line), policy))
    except BadCase as wrong:
        error = {"field": wrong.field, "message": wrong.wanted}
    except BadPolicy as wrong:
        error = {"field": f"policy.{wrong.field}", "message": wrong.wanted}
    return encoder.encode({"error": error})


@click.command()
@click.option("--policy", "policy_file", metavar="FILE", help="店铺政策文件（缺省：HEQI_POLICY）")
def command(policy_file: str | None) -> None:
    """一行一个案子(JSON)→ 一行一个判定(JSON);坏的一行得到 {"error": …},其余照常。"""
    policy = policy_in_use(policy_file)
    encoder = msgspec.json.Encoder()
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        if line.strip():
            # Flushed each line: a program may wait for one answer before it sends the next case.
            out.write(answer(line, policy, encoder) + b"\n")
            out.flush()
