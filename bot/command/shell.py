"""`heqi shell`: the Rasa shell with the action server behind it, as the customer HEQI_CUSTOMER."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import click

from bot import inner_token, processes
from bot.settings import settings


@click.command()
def command() -> None:
    """在终端里和机器人对话,输入 /stop 结束。"""
    chosen = settings()
    env = {"HEQI_ACTIONS_PORT": str(chosen.actions_port), "HEQI_CUSTOMER": chosen.customer, **inner_token.made()}
    # A closed terminal must not leave the action server behind.
    for sign in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(sign, lambda *_: sys.exit(1))
    try:
        processes.require_free(chosen.actions_port, "HEQI_ACTIONS_PORT")
        processes.require_free(chosen.rasa_port, "HEQI_RASA_PORT")
    except RuntimeError as taken:
        raise click.ClickException(str(taken)) from taken
    server = processes.Running(processes.actions(chosen.actions_port), Path(chosen.var) / "log", env)
    try:
        server.wait_ready()
        click.echo(f"顾客:{chosen.customer}(用 HEQI_CUSTOMER=… 换人)。正在打开对话,约十几秒 …", err=True)
        argv = [
            sys.executable, "-W", "ignore", "-m", "rasa", "shell", "--quiet", "--model", "models",
            "--interface", "127.0.0.1", "--port", str(chosen.rasa_port),
            "--endpoints", "endpoints.yml", "--credentials", "credentials.yml",
        ]
        # Rasa's libraries warn about each other at length; the terminal is for the conversation.
        with (Path(chosen.var) / "log" / "shell.log").open("ab") as log:
            done = subprocess.run(argv, cwd=processes.ROOT, env=processes.environment(env), stderr=log, check=False)
        if done.returncode:
            tail = (Path(chosen.var) / "log" / "shell.log").read_text(encoding="utf-8", errors="replace")[-1500:]
            raise click.ClickException(f"对话没能打开,日志末尾:\n{tail}")
    except RuntimeError as failure:
        raise click.ClickException(str(failure)) from failure
    finally:
        server.stop()
