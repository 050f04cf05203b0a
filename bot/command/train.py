"""`heqi train`: trains the language pipeline where data or code have changed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
from tqdm import tqdm

from bot.settings import ROOT, settings


def language_folder() -> Path:
    """Where trained pipelines lie; `current` in it is the one in use."""
    return Path(settings().var) / "language"


@click.command(help="训练语言管线,没有变化就不做 / train the language pipeline unless nothing has changed")
@click.option("--force", is_flag=True, help="即使没有变化也训练 / train even where nothing has changed")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), default=ROOT / "data", show_default=False,
              help="训练句子所在目录 / folder with nlu/ and issues/")
def command(force: bool, data: Path) -> None:
    from bot.language.training import is_current, train

    folder = language_folder()
    if not force and is_current(data, folder):
        click.echo("语言管线没有变化 / language pipeline is up to date", err=True)
        return
    started = time.perf_counter()
    bar = tqdm(disable=not sys.stderr.isatty(), unit="句", bar_format="{desc} {percentage:3.0f}%|{bar}| {n}/{total}")

    def progress(what: str, done: int, total: int) -> None:
        bar.set_description_str(what)
        bar.total, bar.n = total, done
        bar.refresh()

    try:
        path = train(data, folder, progress)
    except ValueError as error:
        bar.close()
        raise click.ClickException(str(error)) from error
    bar.close()
    click.echo(f"语言管线已训练({time.perf_counter() - started:.0f} 秒)/ trained: {path}", err=True)
