"""Goods that are not what was sold: 描述不符、发错、少件、运输损坏、承诺未兑现 (rules.md 2.1).

Choices where rules.md leaves room:
- rules.md gives these no period of their own; none is made up here. Books keep theirs (48 h).
- A video stands for the photo; the parcel's picture (外箱、面单) is asked for where the table asks.
- Part of the goods missing: the missing part's price. More than half: the whole may go back, too,
  and a person looks at it (欺诈发货).
- A promise known to the systems (facts.promised) needs no screenshot.
- A promise of a time that the systems see missed is judged as the lateness (same_fact), not here.
"""

from __future__ import annotations

from bot.aftersales import source as src
from bot.aftersales.assessment import RemedyDue
from bot.aftersales.case import Evidence
from bot.aftersales.finding import Finding
from bot.aftersales.money import share_of
from bot.aftersales.quality import minor_bulky, minor_flaw
from bot.aftersales.remedy import ask, goodwill, in_kind, money_back, nothing, owed_by_shop, part
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import Situation

BOOKS = ("图书", "书籍", "教材")


def missing_pictures(s: Situation) -> tuple[Evidence, ...]:
    """Of photo and parcel photo what is not there; a video shows the goods as well."""
    needs: list[Evidence] = []
    if not s.has("photo", "video"):
        needs.append("photo")
    if not s.has("parcel_photo"):
        needs.append("parcel_photo")
    return tuple(needs)


def _keep_for_less(s: Situation) -> tuple[RemedyDue, ...]:
    return (part(s, s.policy.quality.minor_ratio),)


# 描述不符 not_as_described


def _not_as_described(s: Situation) -> Finding:
    wished = (in_kind("exchange"),) if s.wish in ("exchange", "resend") else ()
    return owed_by_shop(s, money_back(s), *wished, negotiable=_keep_for_less(s))


@rule(
    "ND-01", when="图书，签收超过 48 小时才反馈描述不符", effect="可协商",
    text="图书与描述不符要在签收后 {hours} 小时内反馈，现在已经过了；您可以和我们商量别的办法。", source=src.D15_BOOK,
    then=lambda s: goodwill(s),
)
def book_too_late(s: Situation) -> Facts | None:
    late = any(word in s.name for word in BOOKS) and not s.within_hours(s.policy.fresh.book_hours)
    return {"hours": s.policy.fresh.book_hours} if late else None


@rule(
    "ND-02", when="描述不符，没有实物图", effect="请补实物照片（页面由商家自存，不再要）",
    text="请发一张实物照片，页面和直播的内容由我们来调取。", source=f"{src.D1}第16、60条", then=lambda s: ask("photo"),
)
def no_picture(s: Situation) -> Facts | None:
    return None if s.has("photo", "video") else {"evidence": sorted(s.evidence)}


@rule(
    "ND-03", when="描述不符", effect="退货退款，运费商家；留用可协商减价",
    text="收到的和描述不一样，可以退货退款 {fen:yuan}，运费由商家承担；想留下也可以商量减价。",
    source=f"{src.D1}第16、46、60条；{src.L1}第24条", then=_not_as_described,
)
def not_as_described(s: Situation) -> Facts | None:
    return {"fen": s.value_fen}


# 发错 wrong_item


def _wrong(s: Situation) -> Finding:
    return owed_by_shop(s, money_back(s), in_kind("exchange"), negotiable=_keep_for_less(s))


def _grossly_wrong(s: Situation) -> Finding:
    return owed_by_shop(s, money_back(s), in_kind("exchange"), human="legal_claim")


@rule(
    "WI-01", when="发错，没有实物图或面单图", effect="请补照片",
    text="请发一张收到的商品照片和一张快递面单照片，我们核对后马上换发或退款。", source=f"{src.D1}第55–57条",
    then=lambda s: ask(*missing_pictures(s), human="legal_claim" if s.facts.gross_mismatch else None),
)
def wrong_no_picture(s: Situation) -> Facts | None:
    needs = missing_pictures(s)
    return {"missing": list(needs)} if needs else None


@rule(
    "WI-02", when="差异极大（买A发B）", effect="换正确商品或退货退款，双程运费商家；人工",
    text="收到的和您买的完全不是同一样东西，可以换成对的或退货退款 {fen:yuan}，来回运费由商家承担，同事会接着为您处理。",
    source=f"{src.D1}第55–57条；{src.D6}", then=_grossly_wrong,
)
def grossly_wrong(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "gross_mismatch": True} if s.facts.gross_mismatch else None


@rule(
    "WI-03", when="发错", effect="换正确商品或退货退款，双程运费商家；留用可协商差价",
    text="我们发错了，可以换成对的或退货退款 {fen:yuan}，来回运费由商家承担；想留下也可以商量差价。",
    source=f"{src.D1}第55–57条；{src.L1}第24条", then=_wrong,
)
def wrong(s: Situation) -> Facts | None:
    return {"fen": s.value_fen}


# 少件 missing_item


def missing_fen(s: Situation) -> int | None:
    """Price of what is missing (缺失部分实际金额); None where nobody knows how much it is."""
    if s.facts.affected_share is not None:
        return share_of(s.value_fen, s.facts.affected_share)
    return min(s.facts.gift_fen, s.value_fen) if s.facts.gift_fen is not None else None


def _missing(s: Situation) -> Finding:
    fen = missing_fen(s) or 0
    found = owed_by_shop(s, RemedyDue("refund_part", fen, False, "owed"), in_kind("resend"))
    if s.goodwill_fen:
        found.remedies += (RemedyDue("coupon", min(s.goodwill_fen, fen), False, "negotiable"),)
    return found


def _mostly_missing(s: Situation) -> Finding:
    fen = missing_fen(s) or 0
    if s.wish in ("return_goods", "cancel_order") and fen < s.value_fen:
        return owed_by_shop(s, money_back(s), in_kind("resend"), human="legal_claim")
    due = RemedyDue("refund" if fen == s.value_fen else "refund_part", fen, False, "owed")
    return owed_by_shop(s, due, in_kind("resend"), human="legal_claim")


def _send_what_lacks(s: Situation) -> Finding:
    return owed_by_shop(s, in_kind("resend"), human=None if s.wish == "resend" else "dispute")


def _return_incomplete(s: Situation) -> Finding:
    return owed_by_shop(s, money_back(s), in_kind("resend"))


@rule(
    "MI-01", when="少件，没有到货图或外箱面单图", effect="请补照片，不要求开箱视频",
    text="请把收到的全部东西拍一张，再拍一张外箱和面单，不需要开箱视频。", source=f"{src.D1}第55–57条",
    then=lambda s: ask(*missing_pictures(s)),
)
def missing_no_picture(s: Situation) -> Facts | None:
    needs = missing_pictures(s)
    return {"missing": list(needs)} if needs else None


@rule(
    "MI-06", when="缺失的占比是 0", effect="没有应补的，请说明少了什么",
    text="按现在知道的数量，东西是齐的，所以没有要补的；如果少了，请告诉我们少了什么、少了多少，马上重新办。", source=f"{src.D1}第55–57条",
    then=lambda s: nothing(),
)
def none_missing(s: Situation) -> Facts | None:
    return {"affected_share": 0.0} if s.facts.affected_share == 0 else None


@rule(
    "MI-02", when="缺失超过一半", effect="补发、退缺失部分，或整单退；人工",
    text="缺失的部分超过一半，可以补发，或退缺失部分的 {fen:yuan}，同事会接着为您处理。", source=f"{src.D6}；{src.D1}第55–57条",
    then=_mostly_missing,
)
def mostly_missing(s: Situation) -> Facts | None:
    share = s.facts.affected_share
    return {"share": share, "fen": missing_fen(s)} if share is not None and share > 0.5 else None


@rule(
    "MI-03", when="少件，要整单退货，在无理由退货期内", effect="退货退款或补发，运费商家",
    text="少了东西，可以补发；您想整单退的话，退货退款 {fen:yuan}，运费由商家承担。", source=f"{src.D1}第46、55–57条",
    then=_return_incomplete,
)
def return_incomplete(s: Situation) -> Facts | None:
    return {"fen": s.value_fen} if s.wish == "return_goods" and s.in_return_window else None


@rule(
    "MI-04", when="少件，缺失部分的金额清楚", effect="补发或退缺失部分的实际金额",
    text="少的部分可以补发，也可以退这部分的金额 {fen:yuan}，您来选。", source=f"{src.D1}第55–57条", then=_missing,
)
def missing_known(s: Situation) -> Facts | None:
    fen = missing_fen(s)
    return {"fen": fen, "share": s.facts.affected_share} if fen else None


@rule(
    "MI-05", when="少件，缺失部分的金额不清楚", effect="补发；要退款的由人工核定金额",
    text="少的部分可以马上补发；要退款的话，由同事核定缺失部分的金额。", source=f"{src.D1}第55–57条", then=_send_what_lacks,
)
def missing_unknown(s: Situation) -> Facts | None:
    return {"affected_share": None}


# 运输损坏 damaged_in_transit


def _damaged(s: Situation) -> Finding:
    return owed_by_shop(s, money_back(s), in_kind("exchange"), in_kind("resend"), negotiable=_keep_for_less(s))


@rule(
    "DM-01", when="运输损坏，没有破损图或外包装图", effect="请补照片",
    text="请拍一张破损的地方和一张外包装，签收了也不影响处理。", source=f"{src.L9}第1条；{src.D1}第57条",
    then=lambda s: ask(*missing_pictures(s)),
)
def damaged_no_picture(s: Situation) -> Facts | None:
    needs = missing_pictures(s)
    return {"missing": list(needs)} if needs else None


@rule(
    "DM-02", when="运输损坏", effect="补寄或换货，不成则退货退款，运费商家",
    text="运输途中的损坏由商家承担，可以补寄、换货或退货退款 {fen:yuan}，运费由商家承担。",
    source=f"{src.L4}第20条；{src.D1}第13、57条", then=_damaged,
)
def damaged(s: Situation) -> Facts | None:
    return {"fen": s.value_fen}


# 承诺未兑现 promise_broken


def _promise(s: Situation) -> Finding:
    kept = {"repair": in_kind("repair"), "resend": in_kind("resend"), "exchange": in_kind("exchange")}.get(s.wish)
    return owed_by_shop(s, *((kept,) if kept else ()), money_back(s), negotiable=_keep_for_less(s))


@rule(
    "PB-01", when="承诺未兑现，系统里和证据里都没有承诺内容", effect="请补承诺的截图或直播时间点",
    text="请发一张当时承诺的聊天截图，或告诉我们直播的时间，我们去核对。", source=f"{src.D1}第49–53条",
    then=lambda s: ask("chat"),
)
def promise_unknown(s: Situation) -> Facts | None:
    return None if s.facts.promised or s.has("chat", "video", "photo") else {"promised": None}


@rule(
    "PB-02", when="商家或达人的承诺没有兑现（承诺的是发货时间、系统也看到超时的，同「发货超时」一样判：同样的事实同样的钱，怎么说都一样）", effect="履行，否则退货退款，运费商家；等值替代可协商",
    text="承诺了就要做到：我们先为您兑现，兑现不了的可以退货退款 {fen:yuan}，运费由商家承担。",
    source=f"{src.D1}第49–53条；{src.L2}第12条", then=_promise,
)
def promise(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "promised": s.facts.promised}


DESCRIPTION = (book_too_late, no_picture, minor_bulky, minor_flaw, not_as_described)
WRONG = (wrong_no_picture, grossly_wrong, wrong)
MISSING = (missing_no_picture, none_missing, mostly_missing, return_incomplete, missing_known, missing_unknown)
DAMAGED = (damaged_no_picture, minor_bulky, minor_flaw, damaged)
PROMISE = (promise_unknown, promise)


def judge_description(s: Situation) -> Finding:
    return decide(DESCRIPTION, s)


def judge_wrong(s: Situation) -> Finding:
    return decide(WRONG, s)


def judge_missing(s: Situation) -> Finding:
    return decide(MISSING, s)


def judge_damaged(s: Situation) -> Finding:
    return decide(DAMAGED, s)


def judge_promise(s: Situation) -> Finding:
    return decide(PROMISE, s)
