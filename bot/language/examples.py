"""The shop's own training sentences, read from data/nlu and data/issues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml


class BadExamples(ValueError):
    """A file of training sentences that cannot be used; names the file and what would be right."""


class Example(msgspec.Struct, frozen=True):
    """One sentence with its label (one intent) or labels (any number of issue kinds)."""

    text: str
    labels: tuple[str, ...]
    source: str


def intent_examples(folder: Path) -> list[Example]:
    """The sentences of data/nlu/*.yml (Rasa 3 YAML, plain examples), in the order of the files."""
    return [example for path in sorted(folder.glob("*.yml")) for example in _intents_of(path)]


def _intents_of(path: Path) -> Iterator[Example]:
    for block in _loaded(path).get("nlu") or []:
        if not isinstance(block, dict) or "intent" not in block:
            raise BadExamples(f"{path}: every block needs `intent` and `examples`, got {str(block)[:60]}")
        for line in str(block.get("examples") or "").splitlines():
            if not line.startswith("- "):
                if line.strip():
                    raise BadExamples(f"{path}: a sentence starts with '- ', got {line[:60]!r}")
                continue
            yield Example(line[2:].strip(), (block["intent"],), path.name)


def issue_examples(folder: Path) -> list[Example]:
    """The sentences of data/issues/*.yml (a list of `text` and `issues`), in the order of the files."""
    found = []
    for path in sorted(folder.glob("*.yml")):
        for number, entry in enumerate(_loaded(path) or []):
            if not isinstance(entry, dict) or not isinstance(entry.get("issues"), list) or "text" not in entry:
                raise BadExamples(f"{path}: entry {number + 1} needs `text` and a list `issues`")
            labels = tuple(label for label in entry["issues"] if label != "none")
            found.append(Example(str(entry["text"]).strip(), labels, path.name))
    return found


def _loaded(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise BadExamples(f"{path}: no valid YAML: {error}") from error
