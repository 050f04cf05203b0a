"""`heqi rules`: writes docs/rules.md from the rules themselves."""

from __future__ import annotations

from pathlib import Path

import click

from bot.aftersales.catalogue import as_markdown
from bot.settings import ROOT

DOCUMENT = ROOT / "docs" / "rules.md"


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=DOCUMENT, help="写到哪个文件")
@click.option("--check", is_flag=True, help="只检查文件是否最新，不写")
def command(out: Path, check: bool) -> None:
    """从规则生成规则文档:编号、条件、结果、对顾客说的话、依据。"""
    text = as_markdown()
    if check:
        if not out.exists() or out.read_text(encoding="utf-8") != text:
            raise click.ClickException(f"{out} 不是最新的，运行 heqi rules 重新生成")
        return
    out.write_text(text, encoding="utf-8")
    click.echo(f"已写 {out}")
