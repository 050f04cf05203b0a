"""Rasa's own checks, each in a process of its own: the training data is valid, the stories are followed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot import processes

STORIES = "tests/stories/turns.yml"


def rasa(*arguments: str) -> str:
    """What Rasa says to this command; fails where it ends badly."""
    done = subprocess.run(
        [sys.executable, "-m", "rasa", *arguments], cwd=processes.ROOT,
        env=processes.environment({"PYTHONWARNINGS": "always::UserWarning"}),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def test_the_training_data_is_valid_without_a_warning() -> None:
    said = rasa(
        "data", "validate", "--data", "data/nlu", "data/stories", "--domain", "domain.yml", "--config", "config.yml"
    )
    assert "No story structure conflicts found" in said
    assert [line for line in said.splitlines() if "UserWarning" in line] == []


def test_the_dialogue_follows_its_stories(tmp_path: Path) -> None:
    if not (processes.ROOT / "models" / "heqi.tar.gz").exists():
        pytest.fail("no trained model in models/: run `make train` first (make test does)")
    rasa("test", "core", "--stories", STORIES, "--model", "models", "--out", str(tmp_path), "--no-plot")
    failed = tmp_path / "failed_test_stories.yml"
    assert not failed.exists() or "story:" not in failed.read_text(encoding="utf-8"), failed.read_text(encoding="utf-8")
    report = json.loads((tmp_path / "story_report.json").read_text(encoding="utf-8"))
    assert report["conversation_accuracy"]["accuracy"] == 1.0
