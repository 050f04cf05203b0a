"""`heqi privacy`: what people may ask about their own data, and what goes when its time is over."""

from __future__ import annotations

import os
import time
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.cases.privacy import Removed


@click.group()
def command() -> None:
    """顾客自己的数据:导出、删除、到期清理(docs/privacy.md)。"""


@command.command()
@click.argument("customer")
@click.option("--zip", "out", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.zip", help="连同图片、视频原件打成一个包")
def export(customer: str, out: Path | None) -> None:
    """顾客 CUSTOMER 的全部数据(JSON)。"""
    import msgspec

    from bot.cases import privacy
    from bot.store.database import session

    with session(read_only=True) as opened:
        found = privacy.document(opened, customer)
    if found is None:
        raise unknown(customer)
    content = msgspec.json.format(msgspec.json.encode(found), indent=1)
    if out is None:
        click.echo(content.decode())
        return
    try:
        write_pack(out, content, [file["sha256"] for talk in found["conversations"] for file in talk["files"]])
    except OSError as wrong:
        raise click.ClickException(f"--zip: 写不了 {out}:{wrong.strerror}") from wrong
    click.echo(f"{out}  {out.stat().st_size} 字节")


def write_pack(out: Path, content: bytes, sums: list[str]) -> None:
    """Writes the pack, into a file whole or not at all; a pipe or device takes it as it comes."""
    if out.exists() and not out.is_file():
        fill(out, content, sums)
        return
    place = out.resolve()
    partial = place.with_name(f".{place.name}.{uuid.uuid4().hex}.partial")
    try:
        fill(partial, content, sums)
        os.replace(partial, place)
    finally:
        partial.unlink(missing_ok=True)


def fill(place: Path, content: bytes, sums: list[str]) -> None:
    from bot.web import evidence_store

    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("data.json", content)
        for sha256 in sorted(set(sums)):
            original = evidence_store.original_path(sha256)
            if original.exists():
                pack.write(original, f"files/{sha256}")


@command.command()
@click.argument("customer")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
def erase(customer: str, yes: bool) -> None:
    """删除顾客 CUSTOMER 的数据;法律要求保存的留下,但认不出是谁。不能恢复。"""
    from bot import clock
    from bot.cases import escalation, privacy
    from bot.store.database import empty_log, session

    if not yes:
        click.confirm(f"删除 {customer} 的聊天、图片和姓名,不能恢复。继续吗?", abort=True, err=True)
    escalation.take_up_unanswered(clock.now())  # what waits on disk is a case, and still owed an answer
    try:
        with session() as opened:
            removed = privacy.erase(opened, customer, clock.now())
    except LookupError as nobody:
        raise unknown(customer) from nobody
    except privacy.NotFinished as unfinished:
        raise click.ClickException(f"CUSTOMER: 还有没办完的案件或没补办的话,先办完或撤回:{unfinished}") from unfinished
    forget(removed)
    empty_log()
    click.echo(f"{customer}:删除消息 {removed.messages} 条,隐去 {removed.masked} 条,删除图片、视频 {len(removed.uploads)} 个")


@command.command()
def clean() -> None:
    """删除到期的数据:凭证在案件结束 180 天后(有争议的除外),聊天在三年后。每天运行一次。"""
    from bot import clock
    from bot.cases import privacy, unanswered
    from bot.store.database import empty_log, session
    from bot.web import evidence_store

    with session() as opened:
        removed = privacy.clean(opened, clock.now())
    forget(removed)
    empty_log()
    with session(read_only=True) as opened:
        left = evidence_store.remove_strays(*privacy.files_in_use(opened))
    left += unanswered.remove_old(time.time() - privacy.TALK_FOR.total_seconds())
    click.echo(f"删除消息 {removed.messages} 条,图片、视频 {len(removed.uploads)} 个,无主文件 {left} 个")


def forget(removed: Removed) -> None:
    """Removes the files after the rows are gone: stopped in between, `clean` finds them as strays."""
    from bot.cases import privacy, unanswered
    from bot.store.database import session
    from bot.web import evidence_store

    for upload_id in removed.uploads:
        evidence_store.shown_path(upload_id).unlink(missing_ok=True)
    for sha256 in removed.originals:
        with session(read_only=True) as opened:  # again: somebody may have sent the same file since
            needed = privacy.originals_in_use(opened, [sha256])
        if not needed:
            evidence_store.original_path(sha256).unlink(missing_ok=True)
    unanswered.remove_naming(removed.named)


def unknown(customer: str) -> click.ClickException:
    return click.ClickException(f"CUSTOMER: 没有编号为 {customer} 的顾客")
