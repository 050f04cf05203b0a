"""Cuts text into words: jieba with the shop's lexicon, one dictionary a process."""

from __future__ import annotations

import os
from functools import cache

import jieba

from bot.language.lexicon import lexicon


@cache
def _segmenter() -> jieba.Tokenizer:
    jieba.setLogLevel("WARNING")
    segmenter = jieba.Tokenizer()
    segmenter.cache_file = f"heqi.jieba.{os.getuid()}.cache"
    for word in (*lexicon().words, *lexicon().colours):
        segmenter.add_word(word)
    return segmenter


def segmented(text: str) -> list[str]:
    """The words of a text, in their order; joined they are the text."""
    return [word for word in _segmenter().cut(text) if word]
