"""`heqi run`: starts the product and keeps its processes alive until it is told to stop."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType

import click

from bot import inner_token, processes
from bot.settings import BadSetting, check_secrets, settings


@click.command()
def command() -> None:
    """启动产品(动作服务、Rasa 与网页),按 Ctrl-C 停止。"""
    chosen = settings()
    try:
        check_secrets(chosen)
    except BadSetting as unfit:
        raise click.ClickException(str(unfit)) from unfit
    env = {"HEQI_ACTIONS_PORT": str(chosen.actions_port), **inner_token.made()}
    services = [
        processes.actions(chosen.actions_port), processes.rasa(chosen.rasa_port), processes.web(chosen.host, chosen.port),
    ]
    log_dir = None if chosen.log_to_output else Path(chosen.var) / "log"
    where = f"日志在 {log_dir}/" if log_dir is not None else "日志在上面和下面"

    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)

    running: dict[str, processes.Running] = {}

    def start(service: processes.Service) -> None:
        running[service.name] = started = processes.Running(service, log_dir, env, bound=True)
        threading.Thread(target=started.watch, daemon=True).start()

    try:
        processes.require_free(chosen.actions_port, "HEQI_ACTIONS_PORT")
        processes.require_free(chosen.rasa_port, "HEQI_RASA_PORT")
        processes.require_free(chosen.port, "HEQI_PORT")
        for service in services:
            if service.name == "web":
                # Customers get in once somebody can answer them, not to be told of a fault.
                for started in running.values():
                    started.wait_ready()
            click.echo(f"启动 {service.name} …", err=True)
            start(service)
        running["web"].wait_ready()
        click.echo(f"就绪:http://{chosen.host}:{chosen.port},{where}")
        while not stopping.wait(1.0):
            for service in services:
                process = running[service.name]
                if not process.alive() or process.hung.is_set():
                    what = "没有回应" if process.alive() else "意外停止"
                    click.echo(f"{service.name} {what},重新启动({where})", err=True)
                    process.kill()
                    start(service)
    except RuntimeError as failure:
        raise click.ClickException(str(failure)) from failure
    finally:
        # The web first: what it accepted is answered while Rasa and the action server are still there.
        for started in reversed(running.values()):
            started.stop()
