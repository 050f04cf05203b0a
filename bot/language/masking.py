"""Hides what identifies a person: telephones, addresses, identity cards, names given as such."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from bot.language.extraction import entities
from bot.language.normalise import normalise

HIDDEN = {"phone": "[电话]", "address": "[地址]", "id_card": "[身份证号]"}
NAME_MASK = "[姓名]"
ANY_TIME = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""What is hidden does not depend on the time."""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱江尹薛闫阎段雷侯龙史黎贺顾毛郝龚邵万覃武钱戴严莫孔向常汤"
    "葛赖洪施温庞樊兰殷颜倪易章牛鲁柳俞邢梅辛管左祝霍裴庄柯阮欧申翟詹米喻"
)
NAME = re.compile(
    rf"(?:我叫|我的名字[是叫]|收件人|收货人|联系人|姓名)(?:是|为|叫|改成|改为|换成|写|[:,\s])*(?P<name>(?:欧阳|司马|上官|诸葛|[{SURNAMES}])[\u4e00-\u9fff]{{1,2}}?)"
    r"(?=$|[\s,。.;:!?、\d\[]|的|电话|手机|地址|不|吧|了|吗)"
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


def mask(text: str) -> str:
    """The text with every such detail replaced by its kind in brackets; all else unchanged."""
    return _replace(text, [*_people(text), *_details(text)])


def _details(text: str) -> list[tuple[int, int, str]]:
    found = [(e.start, e.end, HIDDEN[e.entity]) for e in entities(text, ANY_TIME) if e.entity in HIDDEN]
    return found + [(match.start(), match.end(), "[邮箱]") for match in EMAIL.finditer(text)]


def _people(text: str) -> list[tuple[int, int, str]]:
    compact = normalise(text).compact()
    return [(*compact.span(*match.span("name")), NAME_MASK) for match in NAME.finditer(compact.text)]


def _replace(text: str, spans: list[tuple[int, int, str]]) -> str:
    result, position = [], 0
    for start, end, word in sorted(spans):
        if start < position:
            continue
        result += [text[position:start], word]
        position = end
    return "".join([*result, text[position:]])
