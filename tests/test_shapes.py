"""Two threads read into the same class at once, in a process that has just started: it lives."""

from __future__ import annotations

import subprocess
import sys

import pytest

WEB = """
import asyncio, bot.web.app
from bot.web.blocking import in_database
asyncio.run(in_database(int))
"""
ACTIONS = """
import asyncio
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
made = ActionExecutor()
made.register_package("actions")
asked = Tracker("a", {}, {"text": "", "metadata": {"probe": True}}, [], False, None, {}, None)
asyncio.run(made.actions["action_open_case"](CollectingDispatcher(), asked, {}))
"""
AT_THE_SAME_TIME = """
import sys, threading, msgspec
found = [msgspec.Struct]
for shape in found:
    found += shape.__subclasses__()
def read(shape):
    for name in shape.__struct_fields__:
        try:
            msgspec.convert({name: None}, shape)
        except (TypeError, msgspec.ValidationError):
            pass
def another(frame, event, _):
    # msgspec, at a class within the class it looks up.
    if event == "call" and frame.f_code.co_name == "get_class_annotations" and frame.f_locals["obj"] is not shape:
        sys.setprofile(None)
        thread = threading.Thread(target=read, args=(shape,))
        thread.start()
        thread.join()
for shape in found[1:]:
    sys.setprofile(another)
    read(shape)
    sys.setprofile(None)
"""


@pytest.mark.parametrize("start", [WEB, ACTIONS], ids=["web", "actions"])
def test_threads_that_read_into_a_class_at_once_end_no_process(start: str) -> None:
    done = subprocess.run([sys.executable, "-c", start + AT_THE_SAME_TIME], capture_output=True, text=True)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
