"""`heqi bench`: measurements, one subcommand a module, imported only when it is run."""

from __future__ import annotations

import importlib
import importlib.util

import click

BENCHES = {
    "assess": "规则：一秒判定多少个案子 / assessments a second",
    "nlu": "语言理解：意图与问题类型 / understanding",
    "negotiation": "协商：各策略对同一批模拟顾客 / strategies against simulated customers",
    "load": "负载：并发会话的时延 / load",
}
"""Subcommand → one-line help. The module is bot.command.bench_<name>, its click command is `command`."""


class LazyBenches(click.Group):
    """Imports a benchmark when it is called: each brings its own heavy libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(name for name in BENCHES if importlib.util.find_spec(f"bot.command.bench_{name}"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"bot.command.bench_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, BENCHES[name]) for name in self.list_commands(ctx)] or [("-", "-")])


@click.group(cls=LazyBenches)
def command() -> None:
    """测量：打印表格，--json FILE 另存一份。"""
