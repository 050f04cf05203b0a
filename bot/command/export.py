"""`heqi export CASE_ID`: one case as JSON, or as an evidence pack for the platform."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("case_id")
@click.option("--pack", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.zip", help="打成证据包：HTML、PDF、JSON、图片、SHA-256")
@click.option("--for-platform", is_flag=True, help="给平台的证据包：电话、地址不隐去，附原件")
def command(case_id: str, pack: Path | None, for_platform: bool) -> None:
    """导出一个案子：事实、判定、方案、消息、账本、凭证。"""
    if for_platform and pack is None:
        raise click.UsageError("--for-platform 只和 --pack 一起用")
    if pack is not None:
        write_pack(case_id, pack, for_platform)
        return
    from bot.cases.export import case_document
    from bot.store.database import session

    with session(read_only=True) as opened:
        document = case_document(opened, case_id)
    if document is None:
        raise unknown(case_id)
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def unknown(case_id: str) -> click.ClickException:
    return click.ClickException(f"CASE_ID: 没有编号为 {case_id} 的案子")


def write_pack(case_id: str, out: Path, for_platform: bool) -> None:
    from bot import clock
    from bot.cases import dossier
    from bot.cases.pack import pack, sha256
    from bot.store.database import session
    from bot.web import evidence_store

    def bytes_of(path: Path) -> bytes | None:
        return path.read_bytes() if path.exists() else None

    with session(read_only=True) as opened:
        made = dossier.of(opened, case_id, for_platform=for_platform)
    if made is None:
        raise unknown(case_id)
    content = pack(
        made, clock.now(),
        shown=lambda upload_id: bytes_of(evidence_store.shown_path(upload_id)),
        original=lambda digest: bytes_of(evidence_store.original_path(digest)),
    )
    try:
        out.write_bytes(content)
    except OSError as wrong:
        raise click.ClickException(f"--pack: 写不了 {out}：{wrong}") from wrong
    click.echo(f"{out}  {len(content)} 字节  SHA-256 {sha256(content)}")
