"""`heqi restore FILE`: what a backup holds becomes what the product remembers."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="数据库里已有的内容全部换掉(先停下产品)/ replace what is there")
def command(file: Path, replace: bool) -> None:
    """从 FILE 恢复数据库和凭证文件,旧版本的备份会升级;要么全部恢复,要么什么都不变。"""
    from alembic.util.exc import CommandError
    from tqdm import tqdm

    from bot.settings import settings
    from bot.store import backup

    try:
        with tqdm(unit=" 条", disable=not sys.stderr.isatty()) as bar:
            made = backup.restore(file, Path(settings().var), replace=replace, progress=bar.update)
    except backup.BadBackup as wrong:
        raise click.ClickException(f"FILE: {file} 不能恢复:{wrong}") from wrong
    except backup.NotEmpty as full:
        raise click.ClickException("数据库不是空的;要换掉它,加 --replace(建议先 heqi backup)") from full
    except CommandError as unknown:
        raise click.ClickException(f"数据库的版本这个程序不认识:{unknown}") from unknown
    except OSError as wrong:
        raise click.ClickException(f"没有恢复:{wrong}") from wrong
    click.echo(f"已恢复 {made.made_at.isoformat()} 的备份:{sum(made.rows.values())} 行,{len(made.files)} 个文件")
