"""发货与签收:not shipped, on the way, late, shown as signed but not received (rules.md 2.1, 1.2, 1.3).

Choices where rules.md leaves room:
- Not shipped: the whole price back at any time (未发货随时退款). Customised goods in time and not at
  fault: a person, because only costs the shop can prove may be deducted.
- On the way: the shop intercepts (art. 22); money is back with the goods. Late: freight on the shop.
- Late and compensation wished: nothing is owed by law and the platform pays nothing to the customer
  (since 2026-08-10); goodwill may be offered, the refund stays open.
- Said not received while still on its way: within `lost_days` of shipping the parcel is asked for and,
  where money is wished, intercepted; after that it counts as lost: refund or another parcel.
- Shown as signed: the sender proves it. Known absence of proof, or left somewhere without consent: refund
  or another parcel. Nothing known yet: the shop asks the courier (查件, up to 48 h) before it pays; that
  query is the shop's to make and never asked of the customer beyond address and who took it.
  Virtual goods have no courier to ask: a person looks at the shop's own record of the charge.
"""

from __future__ import annotations

from datetime import timedelta

from bot.aftersales import source as src
from bot.aftersales.assessment import Deadline, RemedyDue
from bot.aftersales.finding import Finding
from bot.aftersales.remedy import ask, goodwill, in_kind, nothing, owed_by_shop, return_deadlines
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import MONEY_WISHES, Situation

NO_RIGHT = frozenset({"fresh", "flowers", "customised", "virtual"})


def _refund(s: Situation) -> Finding:
    return owed_by_shop(s, RemedyDue("refund", s.value_fen, False, "owed"))


def _refund_or_resend(s: Situation) -> Finding:
    return owed_by_shop(s, RemedyDue("refund", s.value_fen, False, "owed"), in_kind("resend"))


def _when(s: Situation) -> tuple[Deadline, ...]:
    return (Deadline("承诺发货时间", s.ship_by),) if s.ship_by else ()


def _goodwill(s: Situation) -> Finding:
    found = goodwill(s)
    found.deadlines = _when(s)
    return found


def _wait(s: Situation) -> Finding:
    return nothing(deadlines=_when(s))


def _intercept(s: Situation) -> Finding:
    due = RemedyDue("return_refund", s.value_fen, True, "owed")
    return Finding(
        "owed", (due,), floor_fen=s.value_fen, cap_fen=s.value_fen, return_freight="customer",
        deadlines=return_deadlines(s),
    )


def _intercept_late(s: Situation) -> Finding:
    return owed_by_shop(s, RemedyDue("return_refund", s.value_fen, True, "owed"))


def _trace(s: Situation) -> Finding:
    found = ask("logistics_query")
    found.deadlines = (Deadline("查件结果", s.now + timedelta(hours=s.policy.delivery.tracing_hours)),)
    return found


@rule(
    "UN-01", when="定制商品未发货，没有超时，无理由取消", effect="协商；扣费只限商家能举证的损失，由人工",
    text="定制商品可能已经开始制作，能不能全额退要由同事核实后答复您，扣除的只能是商家拿得出凭证的损失。",
    source=f"{src.D13}第6–13条", then=lambda s: nothing(human="dispute"),
)
def customised_in_work(s: Situation) -> Facts | None:
    fault = s.late or s.issues - {"change_of_mind", "price_drop"}
    return None if "customised" not in s.traits or fault else {"traits": ["customised"], "ship_by": s.ship_by}


@rule(
    "UN-03", when="未发货，有「极速退款」标识，实付不超过 8000 元（虚拟、定制除外）", effect="平台系统自动退款",
    text="订单带「极速退款」标识，申请后由系统自动退款。", source=src.D3,
)
def instant_refund(s: Situation) -> Facts | None:
    if "instant_refund" not in s.labels or s.traits & {"virtual", "customised"}:
        return None
    return {"paid": s.paid_fen} if s.paid_fen <= s.policy.delivery.instant_refund_max_fen else None


@rule(
    "UN-02", when="未发货，想退款或取消（超时与否都一样）", effect="全额退款，不用退回，无需证据",
    text="还没有发货，可以马上为您办理全额退款 {fen:yuan}，退回原支付账户。", source=f"{src.D3}；{src.D5}", then=_refund,
)
def unshipped(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "ship_by": s.ship_by, "late": s.late, "labels": sorted(s.labels)}


@rule(
    "IT-01", when="在途，发货已超过承诺时间，想退款或取消", effect="商家拦截，退款，运费商家",
    text="发货晚于承诺的 {ship_by:time}，我们来拦截这个包裹，也可以拒收，货退回后全额退 {fen:yuan}，运费由商家承担。",
    source=f"{src.D1}第22、46条；{src.D5}", then=_intercept_late,
)
def late_on_the_way(s: Situation) -> Facts | None:
    return {"ship_by": s.ship_by, "fen": s.value_fen} if s.late and s.ship_by else None


@rule(
    "IT-02", when="在途，不适用无理由退货的商品（生鲜、定制、虚拟），没有其他原因", effect="不得无理由拒收，可协商",
    text="这件商品不适用无理由退货，已经在路上了；收到后有问题请告诉我们，照常处理。", source=f"{src.L1}第25条；{src.D12}",
    then=lambda s: goodwill(s),
)
def no_refusal_without_reason(s: Situation) -> Facts | None:
    found = s.traits & NO_RIGHT
    return {"traits": sorted(found)} if found and "return7" not in s.labels else None


@rule(
    "IT-03", when="在途，想退款或取消", effect="商家拦截，货退回后退款，不得以已发货一口拒绝",
    text="包裹还在路上，我们来联系快递拦截，货退回后退 {fen:yuan}；拦不下来的话，拒收或收到后再退都可以。", source=f"{src.D1}第22条",
    then=_intercept,
)
def on_the_way(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "shipped_at": s.order.shipped_at}


@rule(
    "DL-01", when="发货已超时还没发，想要补偿或催发", effect="没有法定赔付，不承诺平台赔付；可善意补偿，可随时退款",
    text="确实晚于承诺的 {ship_by:time}，对不起。您可以随时全额退款，我们也会催发；补偿方面可以和我们商量。",
    source=f"{src.D5}；{src.D3}", then=_goodwill,
)
def late(s: Situation) -> Facts | None:
    return {"ship_by": s.ship_by, "shipped_at": s.order.shipped_at} if s.late and s.ship_by else None


@rule(
    "DL-06", when="发货已超时，现在已经发出或签收，想要补偿", effect="没有法定赔付，不承诺平台赔付；可善意补偿",
    text="发货确实晚于承诺的 {ship_by:time}，对不起；补偿方面可以和我们商量。", source=src.D5, then=_goodwill,
)
def was_late(s: Situation) -> Facts | None:
    return {"ship_by": s.ship_by, "shipped_at": s.order.shipped_at} if s.late and not s.unshipped else None


@rule(
    "DL-02", when="没有超过承诺的发货时间", effect="没有赔付；未发货可随时退款",
    text="承诺的发货时间是 {ship_by:time}，系统里没有超过这个时间。", source=src.D5, then=_wait,
)
def in_time(s: Situation) -> Facts | None:
    return {"ship_by": s.ship_by, "shipped_at": s.order.shipped_at} if s.ship_by else None


@rule(
    "DL-03", when="没有付款时间，无从计算发货时间", effect="没有赔付", text="这笔订单还没有付款记录，没有需要发的货。", source=src.D5,
    then=_wait,
)
def never_paid(s: Situation) -> Facts | None:
    return {"paid_at": None}


@rule(
    "DL-04", when="已签收的超时订单，想退", effect="按退货处理，运费商家",
    text="发货晚于承诺的 {ship_by:time}，七天内可以退货退款 {fen:yuan}，运费由商家承担。", source=f"{src.D1}第46条；{src.D5}",
    then=_intercept_late,
)
def late_and_delivered(s: Situation) -> Facts | None:
    right = not s.traits & NO_RIGHT or "return7" in s.labels
    if s.delivered and s.late and s.wish in MONEY_WISHES and s.in_return_window and right:
        return {"ship_by": s.ship_by, "fen": s.value_fen}
    return None


@rule(
    "DL-05", when="生鲜发出超过 7 天还没送到", effect="全额退款",
    text="生鲜应在 {days} 天内送到，现在还没到，可以全额退 {fen:yuan}。", source=f"{src.D12}第6条", then=_refund,
)
def fresh_not_delivered(s: Situation) -> Facts | None:
    shipped, days = s.order.shipped_at, s.policy.fresh.delivery_days
    if "fresh" not in s.traits or s.delivered or shipped is None or s.now <= shipped + timedelta(days=days):
        return None
    return {"days": days, "shipped_at": shipped, "fen": s.value_fen}


@rule(
    "RC-01", when="没收到，订单还没发货", effect="退款或催发",
    text="订单还没有发货，可以全额退款 {fen:yuan}，也可以由我们催发。", source=f"{src.D3}；{src.D5}", then=_refund,
)
def not_shipped_yet(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "ship_by": s.ship_by} if s.unshipped else None


@rule(
    "RC-02", when="没收到，物流在途，发出已久或查件证明不了下落", effect="退款或补发由消费者选，商家查件或拦截",
    text="物流一直没有送到，由我们去查件；您可以选退款 {fen:yuan} 或补发。", source=f"{src.L4}第20条；{src.D1}第22、29条",
    then=_refund_or_resend,
)
def lost_on_the_way(s: Situation) -> Facts | None:
    if s.delivered:
        return None
    shipped, unproven = s.order.shipped_at, s.facts.proof_of_delivery is False or s.has("logistics_query")
    if shipped and s.now <= shipped + timedelta(days=s.policy.delivery.lost_days) and not unproven:
        return None
    return {"fen": s.value_fen, "shipped_at": shipped}


@rule(
    "RC-08", when="没收到，刚发出不久、物流在途，想退款或取消", effect="商家拦截，货退回后退款，运费商家",
    text="包裹还在路上，我们来联系快递拦截，货退回后全额退 {fen:yuan}，运费由商家承担。", source=f"{src.L4}第20条；{src.D1}第22条",
    then=_intercept_late,
)
def stop_parcel(s: Situation) -> Facts | None:
    on_way = not s.delivered and s.wish in MONEY_WISHES
    return {"fen": s.value_fen, "shipped_at": s.order.shipped_at} if on_way else None


@rule(
    "RC-03", when="未经同意放驿站、快递柜", effect="退款或补发由消费者选",
    text="包裹没有经过您同意就放在了别处，不算送到您手里；您可以选退款 {fen:yuan} 或补发，查件由我们来做。",
    source=f"{src.L4}第52条；{src.D1}第25、27、29条", then=_refund_or_resend,
)
def placed_without_consent(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "placed_without_consent": True} if s.facts.placed_without_consent else None


@rule(
    "RC-04", when="地址填写有误", effect="由人工处理", text="收货地址和订单上的不一致，由同事联系快递核实后答复您。",
    source=f"{src.D1}第44条", then=lambda s: nothing(human="dispute"),
)
def wrong_address(s: Situation) -> Facts | None:
    return {"address_confirmed": False} if s.facts.address_confirmed is False else None


@rule(
    "RC-05", when="商家有签收凭证，消费者说没收到", effect="双方说法不一，由人工核实",
    text="快递有签收记录而您没有收到，可能是别人代收或冒领，由同事核实后答复您，不需要您自己去找快递。",
    source=f"{src.D1}第25、29条", then=lambda s: nothing(human="dispute"),
)
def proof_there(s: Situation) -> Facts | None:
    return {"proof_of_delivery": True} if s.facts.proof_of_delivery else None


@rule(
    "RC-06", when="没有签收凭证，或查件后仍证明不了送达", effect="退款或补发由消费者选",
    text="商家这边没有您本人签收的凭证，您可以选退款 {fen:yuan} 或补发，查件由我们来做。", source=f"{src.L4}第20、52条；{src.D1}第27、29条",
    then=_refund_or_resend,
)
def no_proof(s: Situation) -> Facts | None:
    if s.facts.proof_of_delivery is None and not s.has("logistics_query"):
        return None
    return {"fen": s.value_fen, "proof_of_delivery": s.facts.proof_of_delivery}


@rule(
    "RC-09", when="虚拟商品没到账，还没有发放凭证", effect="没有快递可查，由人工核对发放记录",
    text="这类商品没有快递，有没有到账由同事核对发放记录后答复您，您不用证明。", source=f"{src.L4}第20条", then=lambda s: nothing(human="dispute"),
)
def nothing_to_trace(s: Situation) -> Facts | None:
    return {"traits": ["virtual"]} if "virtual" in s.traits else None


@rule(
    "RC-07", when="还不知道有没有签收凭证", effect="商家查件，48 小时内有结果",
    text="我们马上向快递查件，{hours} 小时内给您结果；您只要确认收货地址对不对、有没有人代收。", source=f"{src.D1}第25、29条",
    then=_trace,
)
def trace(s: Situation) -> Facts | None:
    return {"hours": s.policy.delivery.tracing_hours}


UNSHIPPED = (customised_in_work, instant_refund, unshipped)
ON_THE_WAY = (fresh_not_delivered, late_on_the_way, no_refusal_without_reason, on_the_way)
LATE = (fresh_not_delivered, late_and_delivered, was_late, late, in_time, never_paid)
NOT_RECEIVED = (
    not_shipped_yet, lost_on_the_way, stop_parcel, placed_without_consent, wrong_address, proof_there, no_proof, nothing_to_trace, trace,
)


def judge_unshipped(s: Situation) -> Finding:
    """Money is wished back before anything was shipped."""
    return decide(UNSHIPPED, s)


def judge_on_the_way(s: Situation) -> Finding:
    """Money is wished back while the parcel is on its way."""
    return decide(ON_THE_WAY, s)


def judge_late(s: Situation) -> Finding:
    return decide(LATE, s)


def judge_not_received(s: Situation) -> Finding:
    return decide(NOT_RECEIVED, s)


