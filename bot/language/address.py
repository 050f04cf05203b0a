"""Postal addresses, recognised so that they can be used for one delivery and masked everywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.language.entity import Found

PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|"
    "内蒙古|广西|西藏|宁夏|新疆|香港|澳门|台北"
)
PLACE = r"[\u4e00-\u9fff]"
AREA = rf"(?:(?:{PROVINCES})(?:省|市|自治区|壮族自治区|维吾尔自治区|回族自治区|特别行政区)?(?!的)|{PLACE}{{2,4}}?市)(?:{PLACE}{{2,6}}?(?:市|自治州|地区|盟))?(?:{PLACE}{{1,5}}?(?:区|县|旗|市))?"
STREET = rf"(?:{PLACE}{{2,6}}?(?:街道|镇|乡|开发区))?(?:{PLACE}{{1,8}}?(?:路|大街|街|大道|巷|胡同|弄|道|村|小区|花园|社区|新村|公寓|苑|城|广场|大厦|园))"
DOOR = r"(?:[东西南北中]?\d{1,5}[-—]?\d{0,4}(?:号楼|号院|号|弄|栋|幢|座|单元|室|层|楼|段|组|队|巷|户)|[a-z一二三四五六七八九十]{1,2}(?:栋|座|幢|单元|楼|段|组)|\d{3,4}(?!\d))"
LEVELS = re.compile(rf"(?P<area>{AREA})?(?P<street>{STREET}(?:{STREET})?)?(?P<doors>(?:{DOOR}|{PLACE}{{2,6}}?(?:小区|花园|公寓|苑|大厦|广场)(?=[\da-z])){{0,6}})")
LEAD = re.compile(r"^(?:地址|寄到|送到|寄往|发到|改成|改到|收货|换成|寄给|寄|送|在|是|到|我家|我住|住)+")


def addresses(text: str, now: datetime) -> Iterator[Found]:
    """Addresses: an area with a street or door, or a street with a door."""
    position = 0
    for start in _starts(text):
        if start < position:
            continue
        match = LEVELS.match(text, start)
        if match is None:
            continue
        levels = sum(bool(match[group]) for group in ("area", "street", "doors"))
        has_area = bool(match["area"])
        if levels >= 2 and (has_area or (match["doors"] and re.search(r"\d", match["doors"]))):
            end = match.end()
            lead = LEAD.match(text[start:end])
            begin = start + (lead.end() if lead else 0)
            yield Found("address", text[begin:end].replace(" ", ""), begin, end)
            position = end


CUE = re.compile(rf"(?:{PROVINCES})|(?:地址|寄到|送到|寄往|发到|改成|改到|换成|住在|我住|收货)(?:是|为|在|:|,)?")


def _starts(text: str) -> list[int]:
    """Where an address may begin: at a province's name, or right after a word that announces one."""
    starts = []
    for match in CUE.finditer(text):
        announced = not re.fullmatch(PROVINCES, match[0])
        starts.append(match.end() if announced else match.start())
    return sorted(set(starts))
