"""价保:the price-protection table (rules.md 3.1, PP-01 … PP-24 are its rows) and its amount (3.2).

Choices where rules.md leaves room:
- PP-05, 06, 10, 12, 13 speak of a drop: they fire only where the price now is below the base.
- A label 「价保」 without terms is a promise with an unclear period (PP-08), not the absence of one.
- Unclear start: the later end, in the customer's favour. Unclear length: the after-sales period (15
  days), or the shop's days for new products where these are more.
- A period to the day ends before 24:00 of its last day; one `exact` to the second includes its last.
- The amount already paid counts for the pieces still kept; new base and 「差价 − 已补」 are then the same.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bot.aftersales import source as src
from bot.aftersales.assessment import Deadline, RemedyDue
from bot.aftersales.finding import Finding
from bot.aftersales.period import end_of_day
from bot.aftersales.remedy import ask, goodwill, nothing
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import Situation

PROMISE = re.compile(r"价保|保价|买贵|降价|退差|补差|差价|最低价|全年最低|史低")
DENIAL = re.compile(r"(?:不|无|没有|概不)[^,，。;；!！?？]{0,4}?(?:价保|保价|退差|补差|差价)")
PROMISED_DAYS = re.compile(r"(\d{1,3})\s*[天日]")
DAYS_IN_WORDS = (("三十天", 30), ("十五天", 15), ("七天", 7), ("一个月", 30), ("半个月", 15))
EXCEPTIONS = frozenset({"flash_sale", "livestream", "member"})
KIND = {
    "direct": "直降", "shop_coupon": "店铺券", "shop_discount": "店铺满减", "livestream": "直播间价",
    "flash_sale": "限时秒杀价", "member": "会员价", "signin": "签到优惠", "platform_subsidy": "平台或政府补贴",
    "freight": "运费优惠", "red_packet": "红包",
}
"""Price kind → its name in a sentence."""


def promised(s: Situation) -> str | None:
    """The price promise made in words (chat, live), if there is one."""
    text = s.facts.promised
    return text if text and PROMISE.search(DENIAL.sub("", text)) else None


def days(s: Situation) -> int:
    """Length of the period in days: what the order shows or was promised, else PP-08."""
    shown = [number for number in (_shown_days(s), _promised_days(s)) if number is not None]
    if shown:
        return max(shown)
    terms = s.policy.price_protection
    return max(terms.unclear_days, terms.new_days if s.sku.is_new_product else terms.regular_days)


def _shown_days(s: Situation) -> int | None:
    return s.line.price_protection.days if s.line.price_protection else None


def _promised_days(s: Situation) -> int | None:
    text = promised(s)
    if text is None:
        return None
    found = PROMISED_DAYS.search(text)
    if found:
        return int(found[1])
    return next((number for word, number in DAYS_IN_WORDS if word in text), None)


def end(s: Situation) -> datetime | None:
    """When the period ends; None while it is open because nothing has been delivered yet."""
    terms = s.line.price_protection
    start_from = terms.from_ if terms else None
    exact = bool(terms and terms.until == "exact")
    length = days(s)
    paid, delivered = s.order.paid_at, s.delivered_at
    starts = {"paid": (paid,), "delivered": (delivered,), None: (paid, delivered)}[start_from]
    known = [start for start in starts if start is not None]
    if len(known) < len(starts) or not known:
        return None
    start = max(known)
    return start + timedelta(days=length) if exact else end_of_day(start, length)


def is_over(s: Situation, until: datetime | None) -> bool:
    """Whether the period has ended at the time of the claim."""
    if until is None:
        return False
    exact = s.line.price_protection is not None and s.line.price_protection.until == "exact"
    return s.now > until if exact else s.now >= until


def base_fen(s: Situation) -> int:
    """What one piece cost, for comparison: red packets (红包) do not count where that was shown before."""
    terms = s.line.price_protection
    if terms and "red_packet" in terms.excluded_kinds:
        return s.line.unit_paid_fen + s.line.red_packet_fen
    return s.line.unit_paid_fen


def ratio(s: Situation) -> float:
    terms = s.line.price_protection
    return terms.ratio if terms else s.policy.price_protection.ratio


def difference_fen(s: Situation) -> int:
    """diff = kept × max(0, base − now) × ratio − paid already, rounded half up once for the line, at least
    0 and at most what is left of the price paid (rules.md 3.2)."""
    if s.price is None:
        return 0
    fallen = s.kept * max(0, base_fen(s) - s.price.now_fen)
    exact = fallen * Decimal(repr(ratio(s))) - s.protected_fen
    return max(0, min(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), s.value_fen))


def fell(s: Situation) -> bool:
    return s.price is not None and s.price.now_fen < base_fen(s)


def kind(s: Situation) -> str:
    return KIND[s.price.kind] if s.price else ""


def excluded(s: Situation) -> bool:
    """Whether this kind of price was shown as excluded before the order."""
    terms = s.line.price_protection
    return bool(s.price and terms and s.price.kind in terms.excluded_kinds)


def _when(s: Situation) -> tuple[Deadline, ...]:
    until = end(s)
    return (Deadline("价保期截止", until),) if until else ()


def _refuse(s: Situation) -> Finding:
    return nothing(deadlines=_when(s))


def _person(s: Situation) -> Finding:
    return nothing(human="unknown_rule", deadlines=_when(s))


def _goodwill_below_drop(s: Situation) -> Finding:
    """Goodwill never above what the price really fell by; none where no drop is known."""
    drop = max(0, s.line.unit_paid_fen - s.price.now_fen) * s.kept if s.price else 0
    return goodwill(s, most_fen=drop)


def _pay(s: Situation) -> Finding:
    fen = difference_fen(s)
    due = RemedyDue("price_difference", fen, False, "owed")
    result = Deadline("价保处理结果", s.now + timedelta(hours=s.policy.price_protection.result_hours))
    return Finding("owed", (due,), floor_fen=fen, cap_fen=fen, deadlines=(*_when(s), result))


def _pay_by_person(s: Situation) -> Finding:
    found = _pay(s)
    found.human = "dispute"
    return found


@rule(
    "PP-01", when="订单没有价保标识，页面、聊天、直播也没有价保或买贵退差的承诺", effect="不适用，不算违规；给其他办法，可善意补偿",
    text="这件商品下单时没有价保标识，也没有查到价保或买贵退差的承诺，所以降价部分没有补差的约定。",
    source=f"{src.D1}第50–51条；{src.L6}第19条", then=_goodwill_below_drop,
)
def no_promise(s: Situation) -> Facts | None:
    if s.line.price_protection or "price_protection" in s.labels or promised(s):
        return None
    return {"price_protection": None, "labels": sorted(s.labels)}


@rule(
    "PP-02", when="跨境、拍卖、虚拟商品", effect="不适用", text="价格保护不包括跨境、拍卖和虚拟商品，这件商品属于{goods}商品。",
    source=src.P1, then=_refuse,
)
def excluded_goods(s: Situation) -> Facts | None:
    names = {"overseas": "跨境", "auction": "拍卖", "virtual": "虚拟"}
    found = [trait for trait in s.policy.price_protection.excluded_traits if trait in s.traits]
    return {"goods": names.get(found[0], found[0])} if found else None


@rule(
    "PP-03", when="更低的价格在别的店铺或平台", effect="不适用；告知平台入口",
    text="价保比较的是本店同一商品的价格，您看到的 {now:yuan} 来自别的店铺，不在比较范围内。",
    source=f"{src.SHOP_GUIDE}；{src.PP_SERVICE}", then=_refuse,
)
def other_shop(s: Situation) -> Facts | None:
    return {"now": s.price.now_fen, "shop_id": s.price.shop_id} if s.price and s.price.shop_id else None


def _same_goods(s: Situation) -> bool:
    """Whether the price is of this very sku, or of its spec under another listing."""
    price = s.price
    if price is None or price.sku_id is None or price.sku_id == s.sku.sku_id:
        return True
    return price.spec is not None and price.spec == s.sku.spec


@rule(
    "PP-04", when="同店但规格不同", effect="不适用",
    text="两个规格不一样：您买的是「{bought}」，降价的是「{cheaper}」，不同规格的价格不能互相比较。",
    source=f"{src.P1}；{src.READING}", then=_refuse,
)
def other_spec(s: Situation) -> Facts | None:
    price = s.price
    if price is None:
        return None
    # The same sku under another spec cannot be: then the spec is what the customer compares with.
    differs = not _same_goods(s) or (
        price.sku_id is None and price.spec is not None and price.spec != s.sku.spec
    )
    return {"bought": s.sku.spec or s.sku.title, "cheaper": price.spec or price.sku_id or ""} if differs else None


@rule(
    "PP-05", when="同店同规格，换了链接或商品 ID", effect="不自动拒，人工",
    text="您说的是同店同规格的另一个链接（现价 {now:yuan}），是不是同一商品要由同事核对后答复您。",
    source=f"{src.D1}第50条", then=_person,
)
def new_listing(s: Situation) -> Facts | None:
    price = s.price
    if price is None or price.sku_id is None or price.sku_id == s.sku.sku_id or not fell(s):
        return None
    return {"now": price.now_fen, "sku_id": price.sku_id, "bought": s.sku.sku_id}


@rule(
    "PP-06", when="降价发生在付款之前", effect="不适用；可查当时的优惠是否应生效",
    text="现在的价格 {at:time} 就生效了，早于您 {paid:time} 付款，不属于付款后降价；如果当时有优惠没用上，我们可以帮您核查。",
    source=src.PP_SERVICE, then=_refuse,
)
def before_payment(s: Situation) -> Facts | None:
    price, paid = s.price, s.order.paid_at
    if price is None or paid is None or price.at >= paid or not fell(s):
        return None
    return {"at": price.at, "paid": paid}


@rule(
    "PP-07", when="已过价保期；期内降价而申请在期后 48 小时内的除外", effect="不适用",
    text="这笔订单的价保期是 {days} 天，到 {end:time} 为止，您的申请已经过了这个时间。", source=src.P1, then=_refuse,
)
def out_of_period(s: Situation) -> Facts | None:
    until = end(s)
    if until is None or not is_over(s, until):
        return None
    grace = s.now <= until + timedelta(hours=s.policy.price_protection.grace_hours)
    if grace and (s.price is None or s.price.at <= until):
        return None
    return {"days": days(s), "end": until}


@rule(
    "PP-07H", when="降价在价保期内，申请在期后 48 小时内", effect="人工",
    text="价保期到 {end:time} 为止，降价发生在期内而申请稍晚，要由同事看过后答复您。", source=src.P1, then=_person,
)
def just_after_period(s: Situation) -> Facts | None:
    until = end(s)
    if until is None or not is_over(s, until) or s.price is None or not fell(s):
        return None
    return {"end": until, "at": s.price.at}


@rule(
    "PP-08", when="没写天数，或只写「价保」", effect="以商品售后期为周期，继续往下看",
    text="页面没有写明价保天数，按对您有利的商品售后期 {days} 天计算。", source=f"{src.D1}第50条",
)
def unclear_period(s: Situation) -> Facts | None:
    unclear = _shown_days(s) is None and _promised_days(s) is None
    return {"days": days(s), "end": end(s)} if unclear else None


@rule(
    "PP-11", when="降价的种类（秒杀、直播、会员等）在下单时已写明除外", effect="不适用，引用当时条款",
    text="下单时的价保条款写明{kind}除外，这次降价正是{kind}，所以不在补差范围。", source=f"{src.D1}第50条（另有约定除外）",
    then=_refuse,
)
def excluded_kind(s: Situation) -> Facts | None:
    if not excluded(s) or not fell(s) or s.price is None:
        return None
    terms = s.line.price_protection
    return {"kind": kind(s), "excluded_kinds": list(terms.excluded_kinds) if terms else []}


@rule(
    "PP-10", when="降价来自签到优惠或运费", effect="不计",
    text="现在的低价来自{kind}，它不是商品价格下降，不计入价保差价。", source=src.P2, then=_refuse,
)
def uncounted_kind(s: Situation) -> Facts | None:
    return {"kind": kind(s)} if s.price and s.price.kind in ("signin", "freight") and fell(s) else None


@rule(
    "PP-12", when="没写明除外，但只有特定人群能享受，这位顾客领不到", effect="不算其实际到手价，人工复核",
    text="现在的 {now:yuan} 是特定人群的价格，是否计入价保要由同事核对活动规则后答复您。", source=f"{src.D1}第50条",
    then=_person,
)
def not_open(s: Situation) -> Facts | None:
    if s.price is None or s.price.open_to_customer or not fell(s):
        return None
    return {"now": s.price.now_fen, "open_to_customer": False}


@rule(
    "PP-13", when="仅由平台补贴或政府补贴造成，页面没写", effect="人工",
    text="现在的低价来自平台或政府补贴，页面没有写明是否计入价保，要由同事确认后答复您。", source=src.READING, then=_person,
)
def subsidy(s: Situation) -> Facts | None:
    return {"kind": kind(s)} if s.price and s.price.kind == "platform_subsidy" and fell(s) else None


@rule(
    "PP-14", when="赠品变了", effect="人工",
    text="您下单时和现在的赠品不一样，要由同事把赠品的价值算进去再答复您。", source=src.SHOP_GUIDE, then=_person,
)
def gift_changed(s: Situation) -> Facts | None:
    return {"gift_changed": True} if s.facts.gift_changed else None


@rule(
    "PP-09", when="直降、店铺满减、公开商家券、直播间或达人价、店铺红包；秒杀与会员价没有写明除外且人人可得", effect="计入",
    text="{kind}计入价保。", source=f"{src.D1}第50条",
)
def counted(s: Situation) -> Facts | None:
    return {"kind": kind(s)} if fell(s) else None


@rule(
    "PP-15", when="一行买了多件（组合、满件）", effect="摊到单件再比",
    text="多件购买按摊到每件的实付 {base:yuan} 来比较。", source=src.PP_SERVICE,
)
def per_piece(s: Situation) -> Facts | None:
    return {"base": base_fen(s), "quantity": s.line.quantity} if s.line.quantity > 1 and fell(s) else None


@rule(
    "PP-16", when="未付款、已取消或已全额退款", effect="不适用",
    text="这笔商品没有付款、已经取消或已经全额退款，没有可以补的差价。", source=src.PP_SERVICE, then=_refuse,
)
def nothing_paid(s: Situation) -> Facts | None:
    if s.order.paid_at is not None and not s.over:
        return None
    return {"status": s.order.status, "kept": s.kept, "paid_at": s.order.paid_at}


@rule(
    "PP-17", when="退货退款处理中", effect="挂起；退货完成后只算留下的件数",
    text="这件商品正在退货退款处理中，价保先挂起；退货结束后，留下的商品可以继续申请。", source=src.PP_SERVICE, then=_refuse,
)
def return_open(s: Situation) -> Facts | None:
    found = s.still_open("return_open", "refund", "refusal")
    return {"since": found[-1]} if found else None


@rule(
    "PP-18", when="部分件已退", effect="只算留下的件数",
    text="{bought} 件里已经退了 {returned} 件，按留下的 {kept} 件计算。", source=src.PP_SERVICE,
)
def some_returned(s: Situation) -> Facts | None:
    return {"bought": s.line.quantity, "returned": s.returned, "kept": s.kept} if s.returned else None


@rule(
    "PP-19", when="已补过差价", effect="以上次核准价为新基准",
    text="之前已经补过 {paid:yuan}，这次只补再降的部分。", source=src.P2,
)
def paid_before(s: Situation) -> Facts | None:
    return {"paid": s.protected_fen} if s.protected_fen else None


@rule(
    "PP-20", when="有在审的价保单", effect="合并到该单，不重复开",
    text="您已经有一笔申请在处理（{since:time} 提交），这次合并到那一笔里一起给结果，不用重复申请。",
    source=src.PP_SERVICE, then=_refuse,
)
def claim_open(s: Situation) -> Facts | None:
    found = s.still_open("claim_open", "price_protection", "refusal")
    return {"since": found[-1]} if found else None


@rule(
    "PP-21", when="订单还没签收", effect="可以申请", text="还没签收也可以申请价保。", source=src.P1,
)
def undelivered(s: Situation) -> Facts | None:
    return None if s.delivered else {"status": s.order.status}


@rule(
    "PP-22", when="没有截图，价格日志里也查不到", effect="请补价格截图",
    text="系统里没有查到现在的价格，请发一张现在价格的截图，我们马上核对。", source=f"{src.L4}第62条",
    then=lambda s: ask("price_screenshot"),
)
def no_price(s: Situation) -> Facts | None:
    return {"price": None, "price_log": None} if s.price is None and not s.has("price_screenshot") else None


@rule(
    "PP-22H", when="有截图，系统里查不到价格", effect="人工核对截图",
    text="系统里没有查到现在的价格，您的截图会由同事核对后答复您。", source=f"{src.L4}第62条", then=_person,
)
def only_screenshot(s: Situation) -> Facts | None:
    return {"evidence": "price_screenshot"} if s.price is None else None


@rule(
    "PP-25", when="现价不低于基准价，或降价部分已经补过", effect="没有差价可补",
    text="按下单时的条件，每件实付 {base:yuan}，现在是 {now:yuan}，没有还可以补的差价。", source=f"{src.P1}；{src.PP_SERVICE}",
    then=_refuse,
)
def no_drop(s: Situation) -> Facts | None:
    if s.price is None or difference_fen(s):
        return None
    return {"base": base_fen(s), "now": s.price.now_fen, "paid": s.protected_fen}


@rule(
    "PP-23", when="数量大，或有要请人看一眼的信号（AB-01）", effect="人工，不作任何指责；应补的金额不变",
    text="价保差价是 {diff:yuan}，这笔申请要由同事确认后给您结果。", source=src.SHOP_GUIDE, then=_pay_by_person,
)
def needs_look(s: Situation) -> Facts | None:
    if s.line.quantity < s.policy.price_protection.bulk_quantity and not s.suspicious:
        return None
    return {"diff": difference_fen(s), "quantity": s.line.quantity}


@rule(
    "PP-24", when="全部通过", effect="补差，48 小时内出结果，原路退回",
    text="每件实付 {base:yuan}，现在同样条件 {now:yuan}，{kept} 件应补差价 {diff:yuan}，{hours} 小时内出结果，退回原支付账户。",
    source=f"{src.P1}；{src.D1}第50条", then=_pay,
)
def pay(s: Situation) -> Facts | None:
    if s.price is None:
        return None
    return {
        "base": base_fen(s), "now": s.price.now_fen, "kept": s.kept, "diff": difference_fen(s), "ratio": ratio(s),
        "hours": s.policy.price_protection.result_hours,
    }


TABLE = (
    no_promise, excluded_goods, other_shop, other_spec, new_listing, before_payment, out_of_period,
    just_after_period, unclear_period, uncounted_kind, excluded_kind, not_open, subsidy, gift_changed, counted,
    per_piece, nothing_paid, return_open, some_returned, paid_before, claim_open, undelivered, no_price,
    only_screenshot, no_drop, needs_look, pay,
)
"""rules.md 3.1 in its order; the first deciding rule that fires wins."""


def judge(s: Situation) -> Finding:
    """The price-protection table for one case."""
    return decide(TABLE, s)

