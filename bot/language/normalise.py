"""One spelling for what people type in many: full-width, traditional, digits of any script, masks, stretched words.

Every character of the result remembers which characters of the original it stands for, so what is
found in the normalised text can be pointed at in the original.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

import msgspec
import opencc

MASK = re.compile(r"[\[【](?:(?P<kind>[\u4e00-\u9fff]{1,6})(?:编号[:：]\[订单)?[xX×*]\]?|(?P<thing>商品快照|图片|视频|语音|链接))[\]】]")
"""A detail that a service system has hidden: [订单x], 【数字x】, [商品快照]."""

MASK_WORDS = {
    "订单": "订单号", "单号": "订单号", "数字": "数字", "金额": "50元", "日期": "1号", "时间": "12点", "姓名": "小王",
    "地址": "地址", "链接": "链接", "商品快照": "商品链接", "图片": "图片", "视频": "视频", "电话": "电话", "站点": "站点",
    "组织机构": "公司", "邮箱": "邮箱", "身份证号": "身份证", "语音": "语音",
}
"""How a mask reads to the classifiers, which know words and not masks."""

FIRST_MASK = 0xE000
MASK_KINDS = tuple(MASK_WORDS)
OTHER_MASK = chr(FIRST_MASK + len(MASK_KINDS))

EMOJI_WORDS = {
    "😡": "生气", "🤬": "生气", "😠": "生气", "👿": "生气", "💢": "生气", "😤": "生气", "😭": "哭", "😢": "哭", "😔": "难过",
    "🙏": "谢谢", "👌": "好的", "👍": "好的", "🆗": "好的", "❤": "爱心", "🌹": "谢谢", "👎": "差评", "🙂": "微笑", "😊": "微笑",
}
"""Emoji that mean something here; any other reads as 表情."""

EMOJI = re.compile("[\U0001f1e6-\U0001faff\u2600-\u27bf\u2b00-\u2bff]")
INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f\u00ad\u20e3")
STRETCH = 2
"""A character said more often than this in a row says no more than this (好好好好 → 好好)."""


class Normalised(msgspec.Struct, frozen=True):
    """A text in one spelling. Character i stands for original[starts[i]:ends[i]]."""

    original: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where text[start:end] (not empty) stands in the original."""
        return self.starts[start], self.ends[end - 1]

    def compact(self) -> Normalised:
        """The same without spaces, but for one between two numbers or two Latin words."""
        keep = [i for i, character in enumerate(self.text) if character != " " or self._parts_words(i)]
        return Normalised(
            self.original,
            "".join(self.text[i] for i in keep),
            tuple(self.starts[i] for i in keep),
            tuple(self.ends[i] for i in keep),
        )

    def _parts_words(self, at: int) -> bool:
        before, after = self.text[at - 1 : at], self.text[at + 1 : at + 2]
        if before.isdigit() and after.isdigit():
            # 「5 0 元」 is fifty typed with a space; longer groups are told apart by it
            return self.text[at - 2 : at - 1].isdigit() or self.text[at + 2 : at + 3].isdigit()
        return (before.isascii() and before.isalpha() and after.isascii() and after.isalpha())

    def words(self) -> str:
        """The text as the classifiers read it: masks and emoji written out as words."""
        return "".join(_word(character) for character in self.text)


def _word(character: str) -> str:
    code = ord(character)
    if FIRST_MASK <= code <= ord(OTHER_MASK):
        kind = code - FIRST_MASK
        return MASK_WORDS[MASK_KINDS[kind]] if kind < len(MASK_KINDS) else "内容"
    if EMOJI.match(character):
        return EMOJI_WORDS.get(character, "表情")
    return character


@cache
def _to_simplified() -> Any:
    return opencc.OpenCC("t2s")


def normalise(original: str) -> Normalised:
    """Any text → its normal spelling. Empty and blank texts give an empty one."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(character: str, start: int, end: int) -> None:
        if character.isspace():
            if characters and characters[-1] != " ":
                characters.append(" ")
                starts.append(start)
                ends.append(end)
            return
        run = characters[-STRETCH:]
        if len(run) == STRETCH and set(run) == {character} and not (character.isascii() and character.isalnum()):
            ends[-1] = end
            return
        characters.append(character)
        starts.append(start)
        ends.append(end)

    position = 0
    while position < len(original):
        mask = MASK.match(original, position)
        if mask:
            kind = mask["kind"] or mask["thing"]
            code = chr(FIRST_MASK + MASK_KINDS.index(kind)) if kind in MASK_WORDS else OTHER_MASK
            put(code, position, mask.end())
            position = mask.end()
            continue
        character = original[position]
        if character not in INVISIBLE:
            for part in unicodedata.normalize("NFKC", character).lower():
                put(str(unicodedata.decimal(part)) if part.isdecimal() else part, position, position + 1)
        position += 1
    while characters and characters[-1] == " ":
        characters.pop(), starts.pop(), ends.pop()
    return Normalised(original, _simplify("".join(characters)), tuple(starts), tuple(ends))


def _simplify(text: str) -> str:
    """Traditional → simplified, never changing the length: phrase by phrase, or else by character."""
    if text.isascii():
        return text
    simple: str = _to_simplified().convert(text)
    if len(simple) == len(text):
        return simple
    by_character = (str(_to_simplified().convert(character)) for character in text)
    return "".join(new if len(new) == 1 else old for old, new in zip(text, by_character, strict=True))
