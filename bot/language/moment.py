"""Days as people name them, resolved against the time the message was sent."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from bot.language import number
from bot.language.entity import Found
from bot.language.lexicon import any_of, lexicon

NUM = rf"\d{{1,3}}|[{number.CHINESE}俩]{{1,{number.LONGEST}}}"
DAY_WORDS = {"大前天": -3, "大前日": -3, "前天": -2, "前儿": -2, "前日": -2, "前晚": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨儿": -1, "昨夜": -1,
             "今天": 0, "今日": 0, "今早": 0, "今晚": 0, "今儿": 0, "今晨": 0, "当天": 0, "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "明儿": 1, "后天": 2, "大后天": 3}
WEEK_DAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5, "1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "7": 6}

DAY = re.compile(any_of(DAY_WORDS))
WEEK_DAY = re.compile(r"(?P<week>上上个?|上个?|这个?|本|下个?|)(?:周|星期|礼拜)(?P<day>[一二三四五六日天末1-7])(?![\d年月号天个])")
AGO = re.compile(rf"(?:(?P<number>{NUM})|(?P<half>半))个?(?P<unit>天|日|周|星期|礼拜|月|年)(?:多|半)?(?:之?前|以前)")
LATER = re.compile(rf"(?:过|再过)?(?P<number>{NUM})个?(?P<unit>天|周|星期|礼拜|月)(?:之后|以后|后)")
FULL = re.compile(r"(?<![\dv])(?<!版本)(?<!版本号)(?<!系统)(?P<year>20\d{2}|\d{2})[-./年](?P<month>1[0-2]|0?[1-9])[-./月](?P<day>3[01]|[12]\d|0?[1-9])[日号]?(?!\d)")
MONTH_DAY = re.compile(rf"(?P<year>今年|去年|明年)?(?P<month>1[0-2]|0?[1-9]|十[一二]|[一二三四五六七八九十])月(?:份的?)?(?P<day>{NUM})[日号]?(?![个天块元年])")
SHORT = re.compile(r"(?<![\d.])(?P<month>1[0-2]|0?[1-9])(?P<sign>[./])(?P<day>3[01]|[12]\d|0?[1-9])(?P<mark>[日号]|(?=那天|当天|买|下的?单|到的|发的|签收|收到|发货|拍))(?!\d)")
DAY_OF_MONTH = re.compile(r"(?P<month>上个?月|这个?月|本月|下个?月|)(?<![\d第])(?P<day>3[01]|[12]\d|0?[1-9]|[一二三四五六七八九十]{1,3})(?:号|日)(?![店楼线码机柜仓库门房位本常元电方选款])(?P<due>之?前|以前|要|得|结婚|用|必须)?")
YEAR_FESTIVAL = re.compile(rf"(?P<year>今年|去年|前年)?(?P<name>{any_of(lexicon().festivals)})(?:那天|当天|期间|节)?(?![元块]|\d{1,2}(?!\d)|(?<!双11)\d)")
WEEK_STEPS = {"上上": -2, "上": -1, "这": 0, "本": 0, "": 0, "下": 1}


def dates(text: str, now: datetime) -> Iterator[Found]:
    """Days named in the text as ISO dates in the zone of `now`, most trusted first.

    A day without a year is the nearest one that fits what people speak of: in the past, unless it
    would be more than eleven months ago. A week, a month or 「刚刚」 names no day.
    """
    today = now.date()
    for pattern, resolve in RESOLVERS:
        for match in pattern.finditer(text):
            day = resolve(match, today)
            if day is not None:
                end = match.start("due") if match.groupdict().get("due") else match.end()
                yield Found("date", day.isoformat(), match.start(), end)


def _full(match: re.Match[str], today: date) -> date | None:
    year = int(match["year"])
    return _made(year if year > 100 else 2000 + year, int(match["month"]), int(match["day"]))


def _month_day(match: re.Match[str], today: date) -> date | None:
    month, day = number.value(match["month"]), number.value(match["day"])
    if month is None or day is None:
        return None
    named = match.groupdict().get("year")
    if named:
        return _made(today.year + {"今年": 0, "去年": -1, "明年": 1}[named], int(month), int(day))
    return _nearest(today, int(month), int(day))


def _short(match: re.Match[str], today: date) -> date | None:
    return _nearest(today, int(match["month"]), int(match["day"]))


def _day_word(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=DAY_WORDS[match[0]])


def _week_day(match: re.Match[str], today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    step = match["week"].rstrip("个")
    day = monday + timedelta(weeks=WEEK_STEPS[step], days=WEEK_DAYS[match["day"]])
    if step == "" and day > today:
        day -= timedelta(weeks=1)
    return day


def _ago(match: re.Match[str], today: date) -> date | None:
    unit = match["unit"]
    if match["half"]:
        days = {"月": 15, "年": 182}.get(unit)
        return today - timedelta(days=days) if days else None
    count = number.value(match["number"])
    return None if count is None else _shift(today, -int(count), unit)


def _later(match: re.Match[str], today: date) -> date | None:
    count = number.value(match["number"])
    return None if count is None else _shift(today, int(count), match["unit"])


def _shift(today: date, count: int, unit: str) -> date | None:
    if unit in ("天", "日"):
        return today + timedelta(days=count) if abs(count) < 3000 else None
    if unit in ("周", "星期", "礼拜"):
        return today + timedelta(weeks=count) if abs(count) < 500 else None
    months = count * (12 if unit == "年" else 1)
    return _other_month(today, months) if abs(months) < 240 else None


def _other_month(today: date, months: int) -> date:
    whole = today.year * 12 + today.month - 1 + months
    year, month = divmod(whole, 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    day = number.value(match["day"])
    if day is None or not 1 <= day <= 31:
        return None
    word = match["month"]
    if word:
        base = _other_month(today.replace(day=1), {"上": -1, "下": 1}.get(word[0], 0))
        return _made(base.year, base.month, int(day))
    if int(day) <= today.day or match["due"]:
        return _made(today.year, today.month, int(day))
    before = _other_month(today.replace(day=1), -1)
    return _made(before.year, before.month, int(day))


def _festival(match: re.Match[str], today: date) -> date | None:
    if match.string[max(0, match.start() - 1) : match.end() + 1] == "一五一十":
        return None
    month, day = lexicon().festivals[match["name"]]
    if match["year"]:
        return _made(today.year + {"今年": 0, "去年": -1, "前年": -2}[match["year"]], month, day)
    return _nearest(today, month, day)


def _nearest(today: date, month: int, day: int) -> date | None:
    this_year = _made(today.year, month, day)
    if this_year is None or (this_year - today).days <= 31:
        return this_year
    return _made(today.year - 1, month, day)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


RESOLVERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]], ...] = (
    (FULL, _full), (MONTH_DAY, _month_day), (SHORT, _short), (YEAR_FESTIVAL, _festival), (AGO, _ago), (LATER, _later),
    (WEEK_DAY, _week_day), (DAY, _day_word), (DAY_OF_MONTH, _day_of_month),
)
