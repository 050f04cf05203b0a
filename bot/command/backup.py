"""`heqi backup FILE`: everything the product remembers, in one checked file."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """把数据库和凭证文件备份到 FILE(zip,带校验);产品运行时也可以做。"""
    from tqdm import tqdm

    from bot import clock
    from bot.settings import settings
    from bot.store import backup

    try:
        with tqdm(unit=" 条", disable=not sys.stderr.isatty()) as bar:
            made = backup.write(file, Path(settings().var), clock.now(), bar.update)
    except backup.NoTables as nothing:
        raise click.ClickException("数据库还没有建:先运行 heqi database / the database was never set up") from nothing
    except OSError as wrong:
        raise click.ClickException(f"FILE: 写不了 {file}:{wrong.strerror}") from wrong
    click.echo(f"{file}  {sum(made.rows.values())} 行,{len(made.files)} 个文件,{file.stat().st_size} 字节")
