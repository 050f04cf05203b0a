"""The tests that the pages' own modules have (front/test), run by Node."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bot import processes


def test_what_the_pages_modules_promise() -> None:
    # Where the machine has no Node, front/build.sh put one beside this Python.
    path = f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"
    done = subprocess.run(["npm", "test", "--silent"], cwd=processes.ROOT / "front", env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
