"""The command line `heqi`: one module a command, loaded only when it is used.

Exit status: 0 done, 1 failed, 2 wrong use (contracts.md section 1).
"""

from __future__ import annotations

import importlib
import importlib.util

import click

from bot.command import fault

COMMANDS = {
    "assess": "一行一个案子 → 一行一个判定 / assess cases",
    "backup": "备份数据库与凭证文件 / back everything up",
    "bench": "测量:语言理解、协商、负载 / measure",
    "config": "列出每个设置、取值与来源 / show settings",
    "database": "建库、升级、载入演示店 / create or upgrade the database",
    "dialogue": "训练 Rasa 的对话 / train the dialogue",
    "export": "导出一个案子,可打成证据包 / export a case",
    "load": "载入店铺快照 / load a shop snapshot",
    "negotiate": "协商协议,标准输入输出 / negotiation protocol",
    "parse": "一行一句话 → 一行一个理解 / understand messages",
    "policy": "检查、预演、启用店铺政策 / check, preview and apply a policy",
    "privacy": "顾客自己的数据:导出、删除、到期清理 / people's data",
    "replay": "用当时的事实和政策重放一个案子的判定 / assess a case again",
    "restore": "从备份恢复 / restore a backup",
    "rules": "从规则生成 docs/rules.md / write the rules' document",
    "run": "启动产品 / start the product",
    "shell": "在终端里对话 / talk to the bot in the terminal",
    "shop": "演示店的动作,例如快递送回退货 / the demo shop's acts",
    "train": "训练语言管线 / train the language pipeline",
    "user": "工作台用户 / desk users",
}
"""Command name → one-line help. The module is bot.command.<name>, its click command is `command`."""


class LazyGroup(click.Group):
    """Imports a command's module when it is called, so that `heqi assess` starts without spaCy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(name for name in COMMANDS if importlib.util.find_spec(f"bot.command.{name}"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"bot.command.{cmd_name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; where the database, a file or a setting fails it, says so in a sentence."""
        try:
            return super().invoke(ctx)
        except Exception as raised:
            told = fault.sentence(raised)
            if told is None:
                raise
            raise click.ClickException(told) from raised

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)] or [("-", "-")])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """和气 Heqi 的命令行。"""
