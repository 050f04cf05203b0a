"""Whatever is fed to `heqi assess`, `heqi load` and `heqi parse`: an answer or a clear refusal, never a traceback."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck
from hypothesis import strategies as st

from bot.command import assess, bench_assess, load, parse
from bot.store import demo
from tests.dialogues.shop import NOW
from tests.promises.scale import scaled

MANY = scaled(200, 5000)
"""Inputs of each kind; an eighth of it for the parser, which reads many lines at once."""

ENDS = (0, 1, 2)
ODD_TEXTS = ("", "\x00", "٣", "𝟚", "1e400", "NaN", "-0", "9" * 400, "2026-02-30T25:61:00+99:99", "' OR 1=1 --", "{{7*7}}", "<script>", "../../etc/passwd", "\u202e退款", "😀" * 50)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODD_TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def attacks(many: int) -> Any:
    return hypothesis.settings(
        max_examples=many, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )


@cache
def some_cases() -> list[dict[str, Any]]:
    return [json.loads(msgspec.json.encode(case)) for case in bench_assess.cases()[::17]]


@cache
def shop() -> dict[str, Any]:
    return dict(json.loads(msgspec.json.encode(demo.snapshot_at(NOW))))


def spoil(document: Any, draw: st.DataObject) -> Any:
    """The document with up to three things in it replaced, removed or added, anywhere."""
    spoiled = copy.deepcopy(document)
    for _ in range(draw.draw(st.integers(1, 3))):
        place = spoiled
        while True:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            if not keys:
                break
            key = draw.draw(st.sampled_from(list(keys)))
            if isinstance(place[key], (dict, list)) and place[key] and draw.draw(st.integers(0, 3)):
                place = place[key]
                continue
            match draw.draw(st.sampled_from(("replace", "remove", "add"))):
                case "replace":
                    place[key] = draw.draw(values)
                case "remove":
                    del place[key]
                case "add" if isinstance(place, dict):
                    place[draw.draw(st.text(max_size=8))] = draw.draw(values)
                case _:
                    place.append(draw.draw(values))
            break
    return spoiled


def calm(done: Result, given: Any) -> None:
    assert done.exit_code in ENDS and isinstance(done.exception, (SystemExit, type(None))), f"{given!r}\n{done.output}\n{done.exc_info}"
    assert "Traceback" not in done.output


@pytest.mark.timeout(3600)
def test_assess() -> None:
    @attacks(MANY)
    @hypothesis.given(st.data())
    def attack(data: st.DataObject) -> None:
        whole = data.draw(st.sampled_from(some_cases()))
        line = data.draw(st.binary(max_size=50).map(lambda raw: raw.replace(b"\n", b" "))) if not data.draw(st.integers(0, 9)) else json.dumps(spoil(whole, data)).encode()
        done = CliRunner().invoke(assess.command, input=line + b"\n" + json.dumps(whole).encode() + b"\n")
        calm(done, line)
        # The sound case behind it is assessed all the same.
        assert json.loads(done.stdout.splitlines()[-1])["decision"]

    attack()


@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("place")
def test_load(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"

    @attacks(MANY // 4)
    @hypothesis.given(st.data())
    def attack(data: st.DataObject) -> None:
        content = data.draw(st.binary(max_size=50)) if not data.draw(st.integers(0, 9)) else json.dumps(spoil(shop(), data)).encode()
        path.write_bytes(content)
        calm(CliRunner().invoke(load.command, [str(path)]), content[:2000])

    attack()


@pytest.mark.timeout(3600)
def test_parse() -> None:
    words = st.sampled_from(("退款", "差价", "3天", "五百块", "¥12.5", "订单69", "第二个", "明天", "一半", "１２３", " ", "，", "\t", "十", "百", "点", "年", "/"))
    texts = st.one_of(st.text(max_size=60), st.lists(words, max_size=12).map("".join), st.sampled_from(ODD_TEXTS))
    lines = st.lists(texts.map(lambda text: "".join(char for char in text if char not in "\r\n" and not "\ud800" <= char <= "\udfff")), max_size=20)

    @attacks(MANY // 8)
    @hypothesis.given(lines)
    def attack(said: list[str]) -> None:
        done = CliRunner().invoke(parse.command, input="".join(f"{line}\n" for line in said).encode())
        calm(done, said)
        answers = [json.loads(line) for line in done.stdout.split("\n") if line]
        assert [answer["text"] for answer in answers] == said
        for answer in answers:
            assert 0 <= answer["confidence"] <= 1
            for found in answer["entities"]:
                assert 0 <= found["start"] < found["end"] <= len(answer["text"]), answer

    attack()
