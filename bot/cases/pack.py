"""The evidence pack: one zip with the dossier as HTML, PDF and JSON, the files, and the SHA-256 of everything.

`SHA256SUMS` names each file's hash (`sha256sum -c SHA256SUMS` checks them all); `manifest.json` says the same
with sizes, and `whole`, the SHA-256 of SHA256SUMS: one number that stands for the whole pack.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from bot.aftersales.period import SHANGHAI
from bot.cases.dossier import Dossier, Picture, name, names

FONT = "STSong-Light"
"""A built-in CID font: the reader's own Chinese font is used and none has to be shipped."""

WIDTH = 174 * mm
EXTENSION = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4"}

Read = Callable[[str], bytes | None]
"""Id or hash → the file's bytes, None where it is no longer there."""


class PackedFile(msgspec.Struct, frozen=True):
    """One piece of evidence in the pack; `name` is None where no file could be put in, `note` says why."""

    evidence_id: str
    kind: str
    name: str | None
    picture: bool
    note: str


def pack(dossier: Dossier, at: datetime, *, shown: Read, original: Read) -> bytes:
    """The zip's bytes; equal arguments give equal bytes.

    shown: upload id → the copy for people (no metadata); original: SHA-256 → the file as it came, which only
    a pack for the platform holds.
    """
    content, files = evidence_files(dossier, shown, original)
    content["case.json"] = as_json({**dossier.document, "made_at": at.isoformat()})
    content["evidence.html"] = html(dossier, files, at).encode("utf-8")
    content["evidence.pdf"] = pdf(dossier, files, content, at)
    for version, text in dossier.policies.items():
        content[f"policies/{version}.yml"] = text.encode("utf-8")
    sums = "".join(f"{sha256(content[path])}  {path}\n" for path in sorted(content)).encode("utf-8")
    manifest = {
        "case_id": dossier.case_id,
        "made_at": at.isoformat(),
        "masked": dossier.masked,
        "files": [{"name": path, "sha256": sha256(content[path]), "bytes": len(content[path])} for path in sorted(content)],
        "whole": sha256(sums),
    }
    return zipped({**content, "SHA256SUMS": sums, "manifest.json": as_json(manifest)}, at)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def as_json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def zipped(content: dict[str, bytes], at: datetime) -> bytes:
    moment = at.astimezone(SHANGHAI)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(content):
            entry = zipfile.ZipInfo(path, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content[path])
    return out.getvalue()


def evidence_files(dossier: Dossier, shown: Read, original: Read) -> tuple[dict[str, bytes], list[PackedFile]]:
    """Path → bytes of the evidence, and the list of it for the reader."""
    content: dict[str, bytes] = {}
    listed = []
    for each in dossier.pictures:
        path, note = None, ""
        copy = shown(each.upload_id) if each.upload_id else None
        if each.upload_id is None:
            note = "：只有文字说明，没有文件"
        elif copy is None:
            note = "：文件已按保存期限删除或找不到"
        else:
            path = f"files/{each.evidence_id}.{'mp4' if is_video(each) else 'jpg'}"
            content[path] = copy
        if not dossier.masked and each.upload_id:
            kept = original(each.sha256)
            if kept is not None:
                content[f"originals/{each.evidence_id}.{EXTENSION[each.media_type or '']}"] = kept
        listed.append(PackedFile(each.evidence_id, name("evidence", each.kind), path, not is_video(each), note))
    return content, listed


def is_video(picture: Picture) -> bool:
    return picture.media_type == "video/mp4"


def heading(dossier: Dossier, at: datetime) -> tuple[str, str]:
    """When it was made, and whether persons are hidden."""
    note = names()["masked"] if dossier.masked else names()["open"]
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"), str(note)


def html(dossier: Dossier, files: list[PackedFile], at: datetime) -> str:
    made_at, note = heading(dossier, at)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("dossier.html.j2").render(
        title=names()["title"], case_id=dossier.case_id, made_at=made_at, note=note, tables=dossier.tables, files=files
    )


def pdf(dossier: Dossier, files: list[PackedFile], content: dict[str, bytes], at: datetime) -> bytes:
    """The same tables on A4, pictures at the end."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    plain = ParagraphStyle("plain", fontName=FONT, fontSize=9, leading=13, wordWrap="CJK")
    small = ParagraphStyle("small", parent=plain, fontSize=8, leading=11, textColor=colors.HexColor("#555555"))
    title = ParagraphStyle("title", parent=plain, fontSize=16, leading=22)
    head = ParagraphStyle("head", parent=plain, fontSize=12, leading=18, spaceBefore=10, spaceAfter=4)
    made_at, note = heading(dossier, at)
    story: list[Flowable] = [
        Paragraph(escape(f"{names()['title']} {dossier.case_id}"), title),
        Paragraph(escape(f"制作时间 {made_at}；{note}。"), small),
    ]
    for table in dossier.tables:
        rows = [*((table.columns,) if table.columns else ()), *table.rows]
        cells = [[Paragraph(escape(cell).replace("\n", "<br/>"), plain) for cell in row] for row in rows]
        # A message may be longer than a page: such a row is cut in two.
        grid = Table(
            cells, colWidths=widths(rows), style=style(bool(table.columns)), repeatRows=int(bool(table.columns)), splitInRow=1
        )
        story += [Paragraph(escape(table.title), head), grid]
    for file in files:
        story += [Spacer(1, 6), Paragraph(escape(f"{file.kind}（{file.evidence_id}）{file.note}"), small)]
        if file.name and file.picture:
            story.append(picture(content[file.name]))
    out = io.BytesIO()
    SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=16 * mm, invariant=1,
        title=f"{names()['title']} {dossier.case_id}",
    ).build(story)
    return out.getvalue()


def widths(rows: list[tuple[str, ...]]) -> list[float]:
    """Columns as wide as their longest text asks, within a share of the page."""
    longest = [min(48, max(6, *(len(cell) for cell in column))) for column in zip(*rows, strict=True)]
    return [WIDTH * length / sum(longest) for length in longest]


def style(with_head: bool) -> TableStyle:
    lines: list[tuple[object, ...]] = [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#cccccc")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    if with_head:
        lines.append(("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#f2f2f2")))
    return TableStyle(lines)


def picture(content: bytes) -> Flowable:
    """The picture, at most 110 mm wide and high."""
    width, height = ImageReader(io.BytesIO(content)).getSize()
    scale = min(110 * mm / width, 110 * mm / height, 1)
    return Image(io.BytesIO(content), width * scale, height * scale)
