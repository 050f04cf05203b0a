"""The product's processes: how each is started, when it is ready, and how it is kept alive.

The action server and Rasa listen on loopback only; the web application is what the outside sees.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

ROOT = Path(__file__).resolve().parents[1]


PULSE_EVERY = 2.0
PULSE_PATIENCE = 5.0
PULSES_MISSED = 3
"""A process that answers nothing for so many times in a row, so many seconds each, hangs: no turn keeps it that long."""

STARVED_PULSE = 0.25
"""How much a missed pulse counts of a process that waited for a processor meanwhile: begun anew it would only wait again."""

READY_PATIENCE = 10.0
"""Seconds for one question whether it is ready: the web asks Rasa for a first turn, which a busy machine takes long for."""

SLOWEST_START = 300.0
"""Seconds until a process that has not answered yet counts as hung, too; whoever waits for its start waits as long. Given
up earlier, a container begins anew on the same busy machine, over and over: two replicas' Rasas at once took over 120 s."""


class Service(msgspec.Struct, frozen=True):
    """One process: `argv` starts it, `health` answers 200 once it is ready, `pulse` anything whenever it lives; `patience` in seconds."""

    name: str
    argv: tuple[str, ...]
    health: str
    pulse: str
    patience: float = SLOWEST_START


def actions(port: int) -> Service:
    """The action server, thin shells over the core."""
    return Service(
        "actions",
        (sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)),
        f"http://127.0.0.1:{port}/health",
        f"http://127.0.0.1:{port}/health",
    )


def rasa(port: int, model: str = "models") -> Service:
    """Rasa, reachable from this machine only."""
    return Service(
        "rasa",
        (
            sys.executable, "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port), "--model", model,
            "--endpoints", "endpoints.yml", "--credentials", "credentials.yml",
        ),
        f"http://127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}/",
    )


def web(host: str, port: int) -> Service:
    """The web application: pages, API, live connections."""
    near = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    return Service(
        "web",
        (
            sys.executable, "-m", "uvicorn", "bot.web.app:app", "--host", host, "--port", str(port),
            # The address of a live connection holds a token: it must not be logged. The guard logs calls.
            "--no-access-log", "--no-server-header", "--http", "bot.web.connection:Connection", "--ws", "bot.web.connection:Socket", "--ws-max-size", "65536",
            # A few hundred bytes can be packed of a hundred megabytes.
            "--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "5",
        ),
        # Ready with everything behind it; asking also has Rasa take its slow first turn.
        f"http://{near}:{port}/readyz",
        f"http://{near}:{port}/healthz",
    )


def require_free(port: int, setting: str) -> None:
    """Raises RuntimeError where something already listens on this port of this machine."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise RuntimeError(f"端口 {port} 已被占用:可能上次没有退干净,关掉它,或用 {setting} 换一个端口")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: quiet TensorFlow, no telemetry, what `extra` adds."""
    return {
        "HEQI_INNER_TOKEN": "",  # endpoints.yml names it, whether there is one or not
        "MALLOC_ARENA_MAX": "2",  # glibc has eight arenas a core, and each keeps what its threads let go
        **os.environ,
        "SANIC_HOST": "127.0.0.1",  # the action server has no option of its own for it
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",  # threads for one sentence gain nothing, and spin while they wait for each other
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "PYTHONWARNINGS": "ignore",
        **(extra or {}),
    }


def named(env: dict[str, str], name: str) -> dict[str, str]:
    """The environment of one process, which traces (bot.trace) tell from the others by `heqi-` and its name."""
    return {**env, "OTEL_SERVICE_NAME": f"{env.get('OTEL_SERVICE_NAME', 'heqi')}-{name}"}


def status(address: str, patience: float) -> int | None:
    """With what a GET is answered; None where nothing comes within `patience` seconds."""
    try:
        with urllib.request.urlopen(address, timeout=patience) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except (OSError, http.client.HTTPException):
        return None


def waited_for_processor(pid: int) -> float:
    """Seconds that the threads of this process were ready to run and another ran, the longest of any thread; 0.0 where unknown."""
    waited = 0
    for place in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # a thread that ended meanwhile
            waited = max(waited, int(place.read_text().split()[1]))
    return waited / 1e9


LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """In a new process: Linux kills it when the thread that started it is gone, however that ended."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Running:
    """A started service. `stop` ends it and whatever it started; `hung` is set once it is there but answers nothing.

    What it logs goes to a file in `log_dir`; None: to the output of the process that started it. `bound`: it is killed with
    the thread that started it. Left alone it would hold its port and have nobody to start it anew.
    """

    def __init__(self, service: Service, log_dir: Path | None, env: Mapping[str, str] | None = None, *, bound: bool = False) -> None:
        self.service = service
        self.hung = threading.Event()
        self.log_path = log_dir / f"{service.name}.log" if log_dir is not None else None
        with self.log() as log:
            self.process = subprocess.Popen(
                service.argv, cwd=ROOT, env=named(environment(env), service.name), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=end_with_parent if bound else None,
            )

    def log(self) -> contextlib.AbstractContextManager[IO[bytes] | None]:
        if self.log_path is None:
            return contextlib.nullcontext()
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        return self.log_path.open("ab")

    def alive(self) -> bool:
        return self.process.poll() is None

    def wait_ready(self) -> None:
        """Returns once the service answers; raises RuntimeError with the end of its log otherwise."""
        deadline = time.monotonic() + self.service.patience
        while time.monotonic() < deadline:
            if not self.alive():
                break
            if status(self.service.health, READY_PATIENCE) == 200:
                return
            time.sleep(0.2)
        self.stop()
        if self.log_path is None:
            raise RuntimeError(f"{self.service.name} did not become ready; what it said stands above")
        tail = self.log_path.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"{self.service.name} did not become ready; the end of {self.log_path}:\n{tail}")

    def watch(self) -> None:
        """Looks whether it still answers until it ended or hangs; in a thread of its own."""
        missed, begun, start = 0.0, False, time.monotonic()
        while self.alive() and missed < PULSES_MISSED:
            waited = waited_for_processor(self.process.pid)
            if status(self.service.pulse, PULSE_PATIENCE) is not None:
                missed, begun = 0.0, True
            elif begun or time.monotonic() > start + SLOWEST_START:
                starved = waited_for_processor(self.process.pid) - waited > PULSE_PATIENCE / 2
                missed += STARVED_PULSE if starved else 1
            time.sleep(PULSE_EVERY)
        if self.alive():
            self.hung.set()

    def kill(self) -> None:
        """Ends the process group at once: what hangs does not listen."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, patience: float = 10.0) -> None:
        """Asks the process group to end, then makes it."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sign)
            except ProcessLookupError:
                break
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
            break
        self.process.poll()
