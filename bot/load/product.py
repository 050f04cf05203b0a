"""The whole product on ports and in a folder of its own, beside any other that runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from bot import inner_token, processes

TICKS = os.sysconf("SC_CLK_TCK")
MB = 1024 * 1024


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """Action server, Rasa and web over one database. `start` returns when all are ready, `stop` ends them."""

    def __init__(self, database_url: str, place: Path, extra: Mapping[str, str] | None = None) -> None:
        self.port, actions_port, rasa_port = free_port(), free_port(), free_port()
        self.log_dir = place / "log"
        self.env = {
            "HEQI_DATABASE_URL": database_url, "HEQI_VAR": str(place), "HEQI_PORT": str(self.port), "HEQI_HOST": "127.0.0.1",
            "HEQI_ACTIONS_PORT": str(actions_port), "HEQI_RASA_PORT": str(rasa_port), "HEQI_DEMO": "true",
            "HEQI_CUSTOMER_RATE": "100000", "HEQI_ADDRESS_RATE": "100000000", **inner_token.made(), **(extra or {}),
        }
        self.services = {
            "actions": processes.actions(actions_port), "rasa": processes.rasa(rasa_port), "web": processes.web("127.0.0.1", self.port),
        }
        self.running: dict[str, processes.Running] = {}

    def start(self) -> None:
        """Raises RuntimeError with the end of its log where a part does not become ready."""
        for name in self.services:
            self.launch(name)
        for started in self.running.values():
            started.wait_ready()

    def launch(self, name: str) -> None:
        self.running[name] = processes.Running(self.services[name], self.log_dir, self.env)

    def stop(self) -> None:
        for started in self.running.values():
            started.stop()

    def memory(self) -> dict[str, float]:
        """Process → resident memory in MB."""
        return {name: resident(started.process.pid) / MB for name, started in self.running.items()}

    def cpu(self) -> dict[str, float]:
        """Process → seconds of processor time so far."""
        return {name: processor(f"/proc/{started.process.pid}/stat") for name, started in self.running.items()}


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def processor(path: str) -> float:
    fields = Path(path).read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine_busy() -> float:
    """Seconds of processor time that everything on this machine used so far."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:])
    return (user + nice + system + irq + softirq) / TICKS
