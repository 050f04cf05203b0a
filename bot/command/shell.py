"""`heqi shell`: the Rasa shell with the action server behind it, as the customer HEQI_CUSTOMER."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from bot import processes
from bot.settings import settings


@click.command()
def command() -> None:
    """在终端里和机器人对话,输入 /stop 结束。"""
    chosen = settings()
    env = {"HEQI_ACTIONS_PORT": str(chosen.actions_port), "HEQI_CUSTOMER": chosen.customer}
    server = processes.Running(processes.actions(chosen.actions_port), Path(chosen.var) / "log", env)
    try:
        server.wait_ready()
        click.echo(f"顾客:{chosen.customer}(用 HEQI_CUSTOMER=… 换人)。正在打开对话,约十几秒 …", err=True)
        argv = [
            sys.executable, "-W", "ignore", "-m", "rasa", "shell", "--quiet", "--model", "models", "--port", str(chosen.rasa_port),
            "--endpoints", "endpoints.yml", "--credentials", "credentials.yml",
        ]
        raise SystemExit(subprocess.run(argv, cwd=processes.ROOT, env=processes.environment(env), check=False).returncode)
    except RuntimeError as failure:
        raise click.ClickException(str(failure)) from failure
    finally:
        server.stop()
