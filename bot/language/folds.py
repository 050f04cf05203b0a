"""Folds for measuring on our own sentences: near paraphrases stay together.

Sentences that say almost the same are linked; whatever hangs together is in one fold. Without this a model
is measured on paraphrases of what it has learnt, and thinks too well of itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from bot.language.sentence_vectors import USE_WIDTH
from bot.language.view import Sentence

ALIKE = 0.8
"""The cosine of the first encoder's numbers from which two sentences count as paraphrases."""

SEED = 7


def paraphrase_folds(sentences: Sequence[Sentence], count: int) -> npt.NDArray[np.int64]:
    """The fold (0 … count-1) of each sentence; the same sentences always fall into the same folds."""
    rows = np.stack([sentence.vector[:USE_WIDTH] for sentence in sentences]).astype(np.float32)
    links = csr_matrix(rows @ rows.T > ALIKE)
    groups, group = connected_components(links, directed=False)
    fold_of_group = np.random.default_rng(SEED).integers(0, count, groups)
    return np.asarray(fold_of_group[group], dtype=np.int64)
