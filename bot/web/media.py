"""Pictures and videos as customers send them: known by their bytes, shown without their metadata.

A name or a declared type is never believed. What people see is a picture drawn anew from the pixels,
or a video whose boxes of metadata are blanked; so whatever else hides in a file stays in the kept
original, which no browser is ever asked to show.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

from PIL import Image, ImageOps

MediaType = Literal["image/jpeg", "image/png", "image/webp", "video/mp4"]

MOST_IMAGE_BYTES = 10 * 1024 * 1024
MOST_VIDEO_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 50_000_000
"""More is refused before anything is unpacked: a small file can hold a picture of any size."""

SHOWN_SIDE = 2048
"""The longer side of the copy that is shown, in pixels."""

CONTAINERS = frozenset({b"moov", b"trak"})
METADATA = frozenset({b"udta", b"meta", b"uuid"})
"""Boxes of an MP4 that hold place, device, author or anything else (ISO/IEC 14496-12 8.10, 8.11, 11.1)."""


MOST_BOXES = 20_000
"""Parts of a video: a real one has dozens, in fragments thousands; millions of empty ones cost seconds of everybody's time."""


class BadMedia(ValueError):
    """A file that is not taken; the message (Chinese) says why and what would be right."""


class Media(NamedTuple):
    media_type: MediaType
    shown: bytes
    """The copy for people's eyes; JPEG for pictures, MP4 for videos."""
    shown_type: str


def examine(content: bytes) -> Media:
    """What the bytes are, and the copy to show. Raises BadMedia."""
    media_type = sniff(content)
    if media_type == "video/mp4":
        if len(content) > MOST_VIDEO_BYTES:
            raise BadMedia(f"视频不能超过 {MOST_VIDEO_BYTES // 2**20} MB")
        return Media(media_type, without_metadata(content), "video/mp4")
    if len(content) > MOST_IMAGE_BYTES:
        raise BadMedia(f"图片不能超过 {MOST_IMAGE_BYTES // 2**20} MB")
    return Media(media_type, drawn_anew(content, media_type), "image/jpeg")


def sniff(content: bytes) -> MediaType:
    """The type by the first bytes."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    raise BadMedia("只支持 JPEG、PNG、WebP 图片和 MP4 视频")


def drawn_anew(content: bytes, media_type: MediaType) -> bytes:
    """The picture's pixels as a JPEG, upright, at most SHOWN_SIDE wide or high."""
    name = media_type.partition("/")[2].upper()
    try:
        with Image.open(io.BytesIO(content), formats=[name]) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise Image.DecompressionBombError
            picture.draft("RGB", (SHOWN_SIDE, SHOWN_SIDE))
            picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE))  # before anything else: a copy in full size is hundreds of MB
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except Image.DecompressionBombError as fault:  # Pillow's own for the very big ones
        raise BadMedia(f"图片不能超过 {MOST_PIXELS // 10**6} 百万像素") from fault
    except Exception as fault:  # Pillow's decoders raise many kinds on broken files
        raise BadMedia("图片打不开,可能已损坏") from fault
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=85)
    return out.getvalue()


class Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int


def boxes(content: bytes, start: int, end: int, left: Iterator[int]) -> Iterator[Box]:
    """The boxes that fill content[start:end] exactly, as many as are `left`. Raises BadMedia."""
    at = start
    while at < end:
        if end - at < 8 or next(left, None) is None:
            raise BadMedia("视频打不开,可能已损坏")
        size, kind = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1 and end - at >= 16:
            (size,) = struct.unpack_from(">Q", content, body)
            body += 8
        elif size == 0:
            size = end - at
        if size < body - at or at + size > end:
            raise BadMedia("视频打不开,可能已损坏")
        yield Box(kind, at, body, at + size)
        at += size


def without_metadata(content: bytes) -> bytes:
    """The video with its metadata boxes turned into empty space of the same size, so that every offset stays right."""
    shown = bytearray(content)
    kinds = set()
    left = iter(range(MOST_BOXES))
    for box in boxes(content, 0, len(content), left):
        kinds.add(box.kind)
        blank(shown, content, box, 0, left)
    if not {b"ftyp", b"moov"} <= kinds:
        raise BadMedia("视频打不开,可能已损坏")
    return bytes(shown)


def blank(shown: bytearray, content: bytes, box: Box, depth: int, left: Iterator[int]) -> None:
    if box.kind in METADATA:
        shown[box.start + 4 : box.start + 8] = b"free"
        shown[box.body : box.end] = bytes(box.end - box.body)
    elif box.kind in CONTAINERS and depth < 4:
        for inner in boxes(content, box.body, box.end, left):
            blank(shown, content, inner, depth + 1, left)
