"""The evidence pack: complete, readable, hashed, without what identifies a person unless the platform asks."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from bot.cases import dossier, intake
from bot.cases.pack import pack
from bot.command import main
from bot.store import models
from bot.store.conversation import append
from bot.store.database import session
from bot.web import evidence_store, media
from tests.cases.conftest import Chat
from tests.cases.test_turns import LAMP, only_case
from tests.dialogues.shop import NOW

SAID = "我叫王小明，电话13812345678，灯坏了<script>alert(1)</script>"


def photo() -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    Image.new("RGB", (400, 300), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def case_id(given: Callable[..., str]) -> str:
    """A defect told with a phone number in it, one picture sent, one piece only announced in words."""
    given(LAMP)
    Chat().say("灯坏了要退货", intake.open_case, intent="return_goods", issues=("quality_defect",))
    row = only_case()
    content = photo()
    upload_id = evidence_store.new_id()
    sha256 = evidence_store.keep(upload_id, content, media.examine(content))
    with session() as db:
        conversation = db.get(models.Conversation, "talk")
        append(db, conversation, sender="customer", text=SAID, at=NOW)
        append(db, conversation, sender="agent", text="我来处理\n" + "好" * 4000, at=NOW, author="li")
        db.add(models.Upload(
            upload_id=upload_id, conversation_id="talk", case_id=row.case_id, kind="photo", media_type="image/jpeg",
            sha256=sha256, size=len(content), at=NOW,
        ))
        db.add(models.Evidence(evidence_id="evi_1", case_id=row.case_id, kind="photo", sha256=sha256, at=NOW, path=upload_id))
        db.add(models.Evidence(evidence_id="evi_2", case_id=row.case_id, kind="chat", sha256="0" * 64, at=NOW, path="told:talk"))
    return str(row.case_id)


def exported(case_id: str, tmp_path: Path, *options: str) -> dict[str, bytes]:
    out = tmp_path / "pack.zip"
    done = CliRunner().invoke(main, ["export", case_id, "--pack", str(out), *options])
    assert done.exit_code == 0, done.stderr
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_and_the_whole_can_be_checked(case_id: str, tmp_path: Path) -> None:
    files = exported(case_id, tmp_path)
    manifest = json.loads(files["manifest.json"])
    listed = {each["name"]: each for each in manifest["files"]}
    assert set(listed) == set(files) - {"manifest.json", "SHA256SUMS"}
    for name, each in listed.items():
        assert (each["sha256"], each["bytes"]) == (hashlib.sha256(files[name]).hexdigest(), len(files[name]))
    sums = "".join(f"{each['sha256']}  {name}\n" for name, each in sorted(listed.items()))
    assert files["SHA256SUMS"].decode() == sums
    assert manifest["whole"] == hashlib.sha256(sums.encode()).hexdigest()


def test_it_holds_what_the_platform_asks_for(case_id: str, tmp_path: Path) -> None:
    files = exported(case_id, tmp_path)
    document = json.loads(files["case.json"])
    assert document["order"]["delivered_at"]
    assert document["line"]["labels"] == ["return7"]
    assert document["assessment"]["reasons"][0]["rule"] in files["evidence.html"].decode()
    assert [each["author"] for each in document["messages"] if each["from"] == "agent"] == ["li"]
    assert document["prices"]
    (version,) = {each["policy_version"] for each in document["assessments"]}
    assert f"policies/{version}.yml" in files
    page = files["evidence.html"].decode()
    for title in ("订单与商品", "物流与签收", "聊天全文", "判定与规则", "依据的规则", "证据", "人工客服 li"):
        assert title in page
    assert '<img src="files/evi_1.jpg"' in page
    assert "只有文字说明" in page
    assert files["evidence.pdf"].startswith(b"%PDF")
    assert b"STSong-Light" in files["evidence.pdf"]


def test_persons_are_hidden_and_pictures_carry_no_metadata(case_id: str, tmp_path: Path) -> None:
    files = exported(case_id, tmp_path)
    everything = b"".join(files.values())
    assert b"13812345678" not in everything
    assert "王小明".encode() not in everything
    assert b"SecretCamera" not in everything
    assert not any(name.startswith("originals/") for name in files)
    document = json.loads(files["case.json"])
    assert document["order_id"] == document["order"]["order_id"] != ""


def test_the_platform_gets_what_it_has_to_check(case_id: str, tmp_path: Path) -> None:
    files = exported(case_id, tmp_path, "--for-platform")
    assert "13812345678" in files["case.json"].decode()
    original = files["originals/evi_1.jpg"]
    assert original == photo()
    stored = {each["evidence_id"]: each["sha256"] for each in json.loads(files["case.json"])["evidence"]}
    assert hashlib.sha256(original).hexdigest() == stored["evi_1"]


def test_words_of_customers_are_no_markup(case_id: str, tmp_path: Path) -> None:
    page = exported(case_id, tmp_path)["evidence.html"].decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_file_that_is_gone_is_told(case_id: str) -> None:
    with session(read_only=True) as db:
        made = dossier.of(db, case_id, for_platform=True)
    assert made is not None
    content = pack(made, NOW, shown=lambda _: None, original=lambda _: None)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "找不到" in archive.read("evidence.html").decode()
        assert not any(name.startswith(("files/", "originals/")) for name in archive.namelist())


def test_the_same_case_at_the_same_time_is_the_same_pack(case_id: str) -> None:
    with session(read_only=True) as db:
        made = dossier.of(db, case_id, for_platform=False)
    assert made is not None
    nothing: Callable[[str], bytes | None] = lambda _: None  # noqa: E731
    assert pack(made, NOW, shown=nothing, original=nothing) == pack(made, NOW, shown=nothing, original=nothing)


def test_wrong_use_is_named(case_id: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", "nobody", "--pack", str(tmp_path / "x.zip")])
    assert (done.exit_code, "CASE_ID" in done.stderr) == (1, True)
    assert not (tmp_path / "x.zip").exists()
    assert CliRunner().invoke(main, ["export", case_id, "--for-platform"]).exit_code == 2
    assert CliRunner().invoke(main, ["export", case_id, "--pack", str(tmp_path / "no" / "x.zip")]).exit_code == 1
