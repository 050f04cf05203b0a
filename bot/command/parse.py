"""`heqi parse`: one message a line in, one understanding a line out (contracts.md section 1)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bot import clock
from bot.command.train import language_folder

if TYPE_CHECKING:
    from bot.language.understanding import Understanding


@click.command(help="一行一句话 → 一行一个理解 / one message a line → one JSON object a line, in input order")
def command() -> None:
    from bot.language.understanding import load

    try:
        language = load(language_folder() / "current")
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from error
    for understanding in language.understand_many(_lines(sys.stdin.buffer), clock.now()):
        sys.stdout.buffer.write(msgspec.json.encode(as_contract(understanding)) + b"\n")
        sys.stdout.buffer.flush()


def as_contract(understanding: Understanding) -> dict[str, Any]:
    """Exactly the fields of contracts.md section 1."""
    whole: dict[str, Any] = msgspec.to_builtins(understanding)
    entities = [{key: found[key] for key in ("entity", "value", "start", "end")} for found in whole["entities"]]
    return {**{key: whole[key] for key in ("text", "intent", "confidence", "ranking", "issues")}, "entities": entities}


def _lines(stream: Iterable[bytes]) -> Iterator[str]:
    for number, raw in enumerate(stream, 1):
        try:
            yield raw.rstrip(b"\r\n").decode("utf-8")
        except UnicodeDecodeError as error:
            raise click.ClickException(f"line {number} is not UTF-8: {error.reason} at byte {error.start}") from error
