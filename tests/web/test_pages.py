"""The built files: small on the wire, kept by the browser for ever, and never an old page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.routing import Mount
from starlette.testclient import TestClient

from bot.web import pages
from bot.web.app import ROUTES, make_app


@pytest.fixture
def built(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The application over a small build of its own."""
    folder = place / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "chat.html").write_text("<!doctype html>" + "<p>客服</p>" * 500, encoding="utf-8")
    (folder / "assets" / "chat-1a2b.js").write_text("console.log('客服');\n" * 500, encoding="utf-8")
    (folder / "embed.js").write_text("// 客服\n" * 500, encoding="utf-8")
    Image.effect_noise((64, 64), 80).save(folder / "assets" / "goods-1a2b.png")
    monkeypatch.setattr("bot.web.pages.STATIC", folder)
    # The routes hold the folder they were made with.
    (mount,) = (route for route in ROUTES if isinstance(route, Mount))
    monkeypatch.setattr(mount, "app", pages.files())
    with TestClient(make_app()) as client:
        yield client


def test_text_is_compressed_where_the_browser_can_read_it(built: TestClient) -> None:
    for path in ("/chat", "/assets/chat-1a2b.js", "/embed.js", "/api/v1/openapi.json"):
        packed = built.get(path, headers={"Accept-Encoding": "gzip"})
        plain = built.get(path, headers={"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip", path
        assert "content-encoding" not in plain.headers, path
        assert packed.content == plain.content, path
        assert "Accept-Encoding" in packed.headers["vary"], path


def test_pictures_are_sent_as_they_are(built: TestClient) -> None:
    assert "content-encoding" not in built.get("/assets/goods-1a2b.png", headers={"Accept-Encoding": "gzip"}).headers


def test_what_has_a_hash_in_its_name_is_kept_and_everything_else_asked_for_again(built: TestClient) -> None:
    assert "immutable" in built.get("/assets/chat-1a2b.js").headers["cache-control"]
    for path in ("/chat", "/embed.js"):
        assert built.get(path).headers["cache-control"] == "no-cache", path
    assert built.get("/assets/none.js").status_code == 404
    assert "cache-control" not in built.get("/assets/none.js").headers
