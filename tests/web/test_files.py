"""Pictures and videos: known by their bytes, shown without metadata, the original kept; bombs and trash refused."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.command import main
from bot.store import models
from bot.store.database import session
from bot.web import chat, media
from tests.web.conftest import LAMP, MUG, Customer

SECRET_PLACE = b"+30.2741+120.1551/"


def image(name: str, size: tuple[int, int] = (40, 30), **extra: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, name, **extra)
    return out.getvalue()


def jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6  # lies on its side
    return image("JPEG", exif=exif)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4(extra: bytes = b"") -> bytes:
    place = box(b"udta", box(b"\xa9xyz", SECRET_PLACE))
    return box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", box(b"mvhd", b"\0" * 100) + box(b"trak", place) + place) + box(b"mdat", b"film") + extra


def bomb() -> bytes:
    """A PNG of 40,000 × 40,000 pixels in a few hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(jpeg(), "image/jpeg"), (image("PNG"), "image/png"), (image("WEBP"), "image/webp"), (mp4(), "video/mp4")],
    ids=["jpeg", "png", "webp", "mp4"],
)
def test_a_file_is_kept_shown_without_metadata_and_is_evidence(
    client: TestClient, given: Callable[..., None], place: Path, content: bytes, media_type: str
) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    customer.ask("杯子碎了")
    answer = customer.upload(content, kind="video" if media_type == "video/mp4" else "photo")
    assert answer.status_code == 202, answer.text
    message = customer.list()["messages"][answer.json()["seq"] - 1]
    assert message["card"]["media_type"] == media_type
    shown = client.get(message["card"]["url"], headers=customer.headers)
    assert shown.headers["content-type"] in {"image/jpeg", "video/mp4"}
    assert b"SecretCamera" not in shown.content
    assert SECRET_PLACE not in shown.content
    sha256 = hashlib.sha256(content).hexdigest()
    assert (place / "evidence" / "original" / sha256[:2] / sha256).read_bytes() == content
    customer.hear()
    assert sha256 in [item["sha256"] for item in customer.case()["evidence"]]


def test_a_file_sent_before_there_is_a_case_becomes_its_evidence(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    assert customer.upload(jpeg(), text="看看这个").status_code == 202
    customer.hear()
    customer.ask("杯子碎了")
    assert [item["kind"] for item in customer.case()["evidence"]] == ["photo"]


def test_saying_that_a_picture_was_sent_is_no_picture(client: TestClient, given: Callable[..., None], rasa: object) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    customer.ask("杯子碎了")
    if customer.case()["state"] == "awaiting_evidence":
        from bot.cases import evidence
        from tests.web import stand_in

        words = (("发了", "provide_evidence", (), evidence.take_evidence),)
        stand_in.WORDS, kept = words + stand_in.WORDS, stand_in.WORDS
        try:
            customer.ask("照片发了")
        finally:
            stand_in.WORDS = kept
    assert customer.case()["evidence"] == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "空"),
        (b"GIF89a" + b"\0" * 100, "JPEG"),
        (b"<html><script>alert(1)</script></html>", "JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "JPEG"),
        (b"%PDF-1.7", "JPEG"),
        (b"\xff\xd8\xff" + b"<script>alert(1)</script>", "打不开"),
        (jpeg()[:200], "打不开"),
        (bomb(), "像素"),
        (box(b"ftyp", b"isom") + box(b"mdat", b"x"), "打不开"),
        (mp4()[:-2], "打不开"),
        (b"\0\0\0\x08ftyp" + b"\0\0\0\x04moov", "打不开"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "打不开"),
        (b"\xff\xd8\xff" + b"\0" * (10 * 1024 * 1024), "MB"),
    ],
    ids=["empty", "gif", "html", "svg", "pdf", "html-in-jpeg", "cut", "bomb", "no-moov", "cut-mp4", "bad-box", "bad-webp", "big"],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(client: TestClient, given: Callable[..., None], place: Path, content: bytes, says: str) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    answer = customer.upload(content)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("file:")
    assert says in answer.json()["error"]["message"]
    assert customer.list()["messages"] == []
    assert not (place / "evidence").exists()


def test_a_polyglot_is_shown_as_nothing_but_a_picture(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    evil = jpeg() + b"<script>alert(document.cookie)</script>PK\x03\x04"
    answer = customer.upload(evil)
    assert answer.status_code == 202
    url = customer.list()["messages"][0]["card"]["url"]
    shown = client.get(url, headers=customer.headers)
    assert b"script" not in shown.content
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_too_big_a_body_is_refused_before_it_is_read(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    body = {"client_id": "a", "text": "x" * 70_000}
    assert client.post("/api/v1/messages", json=body, headers=customer.headers).status_code == 413
    kind = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(80 * 2**20)}
    assert client.post("/api/v1/messages", content=b"--b", headers={**customer.headers, **kind}).status_code == 413


@pytest.mark.parametrize(("fields", "field"), [({"kind": "selfie"}, "kind"), ({"kind": "video"}, "kind"), ({"text": "x" * 2001}, "text"), ({"client_id": ""}, "client_id")])
def test_wrong_fields_beside_a_file_are_named(client: TestClient, given: Callable[..., None], fields: dict[str, str], field: str) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    answer = customer.upload(jpeg(), **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{field}:")


def test_a_form_without_a_file_or_broken_is_refused(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    answer = client.post("/api/v1/messages", files={"client_id": (None, "a")}, headers=customer.headers)
    assert (answer.status_code, answer.json()["error"]["message"][:5]) == (400, "file:")
    broken = {**customer.headers, "Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/api/v1/messages", content=b"no form at all", headers=broken).status_code == 400


def test_the_shown_picture_stands_upright() -> None:
    shown = media.examine(jpeg()).shown
    assert Image.open(io.BytesIO(shown)).size == (30, 40)


def test_a_blanked_video_keeps_its_length_and_film() -> None:
    content = mp4()
    shown = media.examine(content).shown
    assert len(shown) == len(content)
    assert shown.endswith(box(b"mdat", b"film"))


def test_the_same_file_twice_is_one_piece_of_evidence(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    customer.ask("杯子碎了")
    for _ in range(2):
        assert customer.upload(jpeg(), kind="photo").status_code == 202
    customer.hear()
    with session(read_only=True) as db:
        assert len(db.scalars(select(models.Evidence)).all()) == 1
        assert len(db.scalars(select(models.Upload)).all()) == 2


def test_erasing_another_customer_leaves_what_is_just_being_sent(
    client: TestClient, given: Callable[..., None], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same picture: the erasure comes when the second one's file is kept and its row is not there yet."""
    given(LAMP)
    given(LAMP, number=2)
    content = jpeg()
    assert Customer(client, "cus_t001").upload(content).status_code == 202
    known = chat.known

    def erase_first(visitor: chat.Visitor) -> None:
        known(visitor)
        done = CliRunner().invoke(main, ["privacy", "erase", "cus_t001", "--yes"])
        assert done.exit_code == 0, done.output

    monkeypatch.setattr(chat, "known", erase_first)
    assert Customer(client, "cus_t002").upload(content).status_code == 202
    sha256 = hashlib.sha256(content).hexdigest()
    assert (place / "evidence" / "original" / sha256[:2] / sha256).read_bytes() == content
