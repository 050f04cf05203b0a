"""七天无理由退货:change of mind and returns without a reason (rules.md 2.1 last row, 2.2, 1.2).

Also used where a return is wished and no issue is known: a 7-day return needs no reason.

Choices where rules.md leaves room:
- A 「不支持」 label holds only for goods that may carry it (2.2 通则): sealed food, intimate wear and
  sealed media; devices that are activated; customised; fresh and flowers. On other goods it is void, also
  on second-hand goods, which must be returnable whatever their kind (since 2026-06-29).
- Unknown state of the goods (sealed, activated, intact) is no doubt: the return is agreed and the
  condition said; the shop looks at the goods when they are back.
- A shop that shows return7 on customised, fresh or virtual goods has promised more than the law: kept.
- The window ends before 0:00 after its 168 hours.
"""

from __future__ import annotations

from datetime import timedelta

from bot.aftersales import source as src
from bot.aftersales.assessment import Deadline, RemedyDue, ReturnFreight
from bot.aftersales.finding import Finding
from bot.aftersales.remedy import goodwill, in_kind, nothing, return_deadlines
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import Situation

SEALED_GOODS = frozenset({"food", "opened_food", "intimate", "virtual"})
SEALED_WORDS = ("图书", "书籍", "音像", "光盘", "唱片", "软件", "药品", "黄金", "金条", "银条")


def freight_payer(s: Situation) -> ReturnFreight:
    """Who pays a return without fault: the insurance while it runs, else the customer.

    Insurance (运费险) needs goods that were received and a claim within its days after shipping.
    """
    if "freight_insurance" not in s.labels or not s.delivered:
        return "customer"
    shipped = s.order.shipped_at
    runs = shipped is None or s.now <= shipped + timedelta(days=s.policy.freight.insurance_days)
    return "insurance" if runs else "customer"


def _may_need_seal(s: Situation) -> bool:
    """Goods on which 「拆封不退」 may be agreed when ordering."""
    return "second_hand" not in s.traits and (
        bool(s.traits & SEALED_GOODS) or any(word in s.name for word in SEALED_WORDS)
    )


def _may_exclude_activated(s: Situation) -> bool:
    """Goods on which 「激活后不支持」 may be agreed when ordering."""
    return "second_hand" not in s.traits and bool(s.traits & {"activated", "electronics"})


def _opened(s: Situation) -> bool:
    return s.facts.sealed is False or _used(s)


def _used(s: Situation) -> bool:
    """Whether a part is used up: more than opening it to look."""
    return bool(s.facts.used_share)


def gift_fen(s: Situation) -> int:
    """Price of a gift that is not sent back; deducted, never a reason to refuse (《七天无理由退货办法》)."""
    return min(s.facts.gift_fen or 0, s.value_fen)


def window(s: Situation) -> tuple[Deadline, ...]:
    return (Deadline("七天无理由退货申请截止", s.return_end),) if s.return_end else ()


def _agree(s: Situation) -> Finding:
    if s.wish == "exchange":
        found = goodwill(s, in_kind("exchange", "negotiable"))
        found.return_freight = "customer" if s.delivered else "none"
        found.deadlines = window(s)
        return found
    if s.wish in ("compensation", "resend", "repair"):
        found = goodwill(s)
        found.deadlines = window(s)
        return found
    fen = s.value_fen - gift_fen(s)
    return Finding(
        "owed",
        (RemedyDue("return_refund", fen, True, "owed"),),
        floor_fen=fen,
        cap_fen=fen,
        return_freight=freight_payer(s),
        deadlines=(*window(s), *return_deadlines(s)),
    )


def _refuse_kindly(s: Situation) -> Finding:
    """No right to return; the shop may still offer something."""
    found = goodwill(s)
    found.deadlines = window(s)
    return found


def _by_person(s: Situation) -> Finding:
    return nothing(human="dispute")


@rule(
    "NR-01", when="订单已关闭或已全额退款", effect="没有可再退的",
    text="这件商品已经取消或全额退款，没有还可以退的部分。", source=src.SHOP_GUIDE, then=lambda s: nothing(),
)
def settled_before(s: Situation) -> Facts | None:
    return {"status": s.order.status, "kept": s.kept} if s.over else None


@rule(
    "NR-02", when="定制商品，页面没有承诺支持七天无理由", effect="无理由退货不适用，可协商；质量问题照常处理",
    text="定制商品不适用七天无理由退货；如果做错了或有质量问题，照样可以退换。", source=f"{src.L1}第25条；{src.D13}第6–13条",
    then=_refuse_kindly,
)
def customised(s: Situation) -> Facts | None:
    return {"traits": ["customised"]} if "customised" in s.traits and "return7" not in s.labels else None


@rule(
    "NR-03", when="生鲜易腐、鲜花绿植，页面没有承诺支持七天无理由", effect="无理由退货不适用，可协商；坏了按比例退",
    text="鲜活易腐商品不适用七天无理由退货；如果收到时有坏的，请告诉我们，按坏的比例退款。", source=f"{src.L1}第25条；{src.D12}",
    then=_refuse_kindly,
)
def perishable(s: Situation) -> Facts | None:
    found = s.traits & {"fresh", "flowers"}
    return {"traits": sorted(found)} if found and "return7" not in s.labels else None


@rule(
    "NR-04", when="虚拟或数字化商品，页面没有承诺支持七天无理由", effect="无理由退货不适用，可协商",
    text="虚拟和数字化商品不适用七天无理由退货；如果用不了或和描述不符，请告诉我们，照常处理。", source=f"{src.L1}第25条；{src.D2}",
    then=_refuse_kindly,
)
def digital(s: Situation) -> Facts | None:
    return {"traits": ["virtual"]} if "virtual" in s.traits and "return7" not in s.labels else None


@rule(
    "NR-05", when="签收次日 0 时起 168 小时已过（按申请时间）", effect="没有法定退货权，可协商",
    text="七天无理由退货从签收次日零点起算，到 {end:time} 为止，您的申请已经过了这个时间；如果商品有质量问题，不受这个时间限制。",
    source=f"{src.D2}2.1；{src.L1}第25条", then=_refuse_kindly,
)
def window_over(s: Situation) -> Facts | None:
    return None if s.in_return_window else {"end": s.return_end, "asked": s.asked_at}


@rule(
    "NR-06", when="已拆封，且下单时选定了「拆封后不支持」（食品、贴身衣物、密封音像等可选类）", effect="没有法定退货权，可协商",
    text="这件商品下单时已提示拆封后不支持无理由退货，现在已经拆开，所以不能按无理由退；有质量、变质或过敏问题照样处理。",
    source=f"{src.D2}3.2.2；{src.L3}第7–9条", then=_refuse_kindly,
)
def opened_sealed_goods(s: Situation) -> Facts | None:
    if "no_return7_opened" in s.labels and _may_need_seal(s) and _opened(s):
        return {"label": "no_return7_opened", "sealed": s.facts.sealed, "used_share": s.facts.used_share}
    return None


@rule(
    "NR-07", when="化妆品、个护的一次性密封包装已拆或已使用", effect="不满足完好标准，可协商；质量与过敏照常",
    text="化妆品和个护的密封包装拆开使用后，不再满足无理由退货的完好标准；如果是质量问题或过敏，拆开了也照样处理。",
    source=src.D2, then=_refuse_kindly,
)
def opened_cosmetics(s: Situation) -> Facts | None:
    if "cosmetics" in s.traits and _opened(s):
        return {"sealed": s.facts.sealed, "used_share": s.facts.used_share}
    return None


@rule(
    "NR-08", when="已激活，且下单时选定了「激活后不支持」（手机、电脑、穿戴等）", effect="没有法定退货权，可协商",
    text="这件商品下单时已提示激活后不支持无理由退货，现在已经激活，所以不能按无理由退；有质量问题照样退换或保修。",
    source=f"{src.D2}3.2.2", then=_refuse_kindly,
)
def activated(s: Situation) -> Facts | None:
    if s.facts.activated and "no_return7_activated" in s.labels and _may_exclude_activated(s):
        return {"label": "no_return7_activated", "activated": True}
    return None


@rule(
    "NR-09", when="贴身衣物的保护贴或包装已不完好（没有选标签时）", effect="完好性有争议，折价由人工",
    text="贴身衣物要保护贴完好才能无理由退，您这件的情况要由同事看过再答复，可能按折价处理。", source=src.D2, then=_by_person,
)
def intimate_unsealed(s: Situation) -> Facts | None:
    if "intimate" in s.traits and s.facts.sealed is False and not s.facts.intact:
        return {"sealed": False, "intact": s.facts.intact}
    return None


@rule(
    "NR-10", when="商品不完好，或已用掉一部分（不只是打开查验）", effect="完好性有争议，折价由人工",
    text="商品不完好的程度要由同事看过再答复您，打开查验和合理调试不算不完好。", source=f"{src.D2}；{src.D1}第44条",
    then=_by_person,
)
def not_intact(s: Situation) -> Facts | None:
    if s.facts.intact is False or (_used(s) and not s.facts.intact):
        return {"intact": s.facts.intact, "used_share": s.facts.used_share}
    return None


@rule(
    "NR-11", when="贴了「不支持」标签，但这类商品必须支持无理由退货", effect="标签无效，照常可退",
    text="这类商品必须支持七天无理由退货，页面的「不支持」提示不影响您退货。", source=f"{src.L2}第19条；{src.D2}",
)
def void_label(s: Situation) -> Facts | None:
    void = [
        label for label, fits in (
            ("no_return7_opened", _may_need_seal(s) or "cosmetics" in s.traits),
            ("no_return7_activated", _may_exclude_activated(s)),
            ("no_return7_customised", "customised" in s.traits),
            ("no_return7_fresh", bool(s.traits & {"fresh", "flowers"})),
        ) if label in s.labels and not fits
    ]
    return {"labels": void} if void else None


@rule(
    "NR-12", when="已拆封或已激活，但下单时没有选「不支持」标签", effect="拆封、激活不得作为理由，可退",
    text="下单时没有「拆封或激活后不支持」的提示，拆开或激活不影响您退货。", source=f"{src.D2}3.2.2；{src.L3}第20条",
)
def no_label(s: Situation) -> Facts | None:
    if s.facts.sealed is False or s.facts.activated:
        return {"sealed": s.facts.sealed, "activated": s.facts.activated}
    return None


@rule(
    "NR-19", when="赠品没有退回，赠品价不少于可退的钱", effect="扣完没有可退的；连同赠品一起退回的照退，不得拒退",
    text="赠品没有一起退回的要扣赠品价 {gift:yuan}，扣完没有可退的钱；七天内退货是您的权利，赠品一起退回就不扣，可退 {fen:yuan}。",
    source=src.D2, then=lambda s: nothing(deadlines=window(s)),
)
def gift_takes_all(s: Situation) -> Facts | None:
    gift, keeps = s.facts.gift_fen or 0, s.wish in ("exchange", "compensation", "resend", "repair")
    return {"gift": gift, "fen": s.value_fen} if gift >= s.value_fen > 0 and not keeps else None


@rule(
    "NR-13", when="赠品没有退回", effect="扣赠品价，不得拒退",
    text="赠品没有一起退回的，按赠品价 {gift:yuan} 扣除。", source=src.D2,
)
def gift_kept(s: Situation) -> Facts | None:
    return {"gift": gift_fen(s)} if s.facts.gift_fen else None


@rule(
    "NR-14", when="之前已补过差价或部分退款", effect="从退款里扣除",
    text="之前已经退给您的 {paid:yuan} 会从这次退款里扣除。", source=src.READING,
)
def paid_before(s: Situation) -> Facts | None:
    paid = s.protected_fen + s.partial_fen
    return {"paid": paid} if paid else None


@rule(
    "NR-15", when="七天内想换货", effect="可协商换货，往返运费由消费者承担",
    text="没有质量问题的换货可以协商，往返运费由您承担；七天内也可以直接退货再买。", source=f"{src.D1}第44条", then=_agree,
)
def exchange_wished(s: Situation) -> Facts | None:
    return {"wish": s.wish} if s.wish == "exchange" else None


@rule(
    "NR-16", when="七天内、没有质量问题，想要补偿、补寄或维修", effect="不涉及赔付；可退货，可善意补偿",
    text="商品没有质量问题时没有补偿的约定；七天内您可以无理由退货，也可以和我们商量别的办法。", source=src.D2, then=_agree,
)
def something_else_wished(s: Situation) -> Facts | None:
    return {"wish": s.wish} if s.wish in ("compensation", "resend", "repair") else None


@rule(
    "NR-17", when="有运费险", effect="退回的运费由运费险赔付",
    text="这件商品可以无理由退货，商品完好寄回后退 {fen:yuan}；退回的运费由运费险按规则赔付。", source=f"{src.D2}；{src.D4}",
    then=_agree,
)
def insured(s: Situation) -> Facts | None:
    return {"fen": s.value_fen - gift_fen(s)} if freight_payer(s) == "insurance" else None


@rule(
    "NR-18", when="支持七天无理由且在期内", effect="退货退款，退回运费由消费者承担（非包邮的付双程）",
    text="这件商品可以无理由退货，完好寄回、商家收到后 {days} 天内退 {fen:yuan}；没有质量问题的退货，退回的运费由您承担。",
    source=f"{src.L1}第25条；{src.D2}；{src.D1}第44条", then=_agree,
)
def right_to_return(s: Situation) -> Facts | None:
    return {
        "fen": s.value_fen - gift_fen(s), "days": s.policy.returns.refund_days, "end": s.return_end,
        "labels": sorted(s.labels),
    }


REFUSING = (
    settled_before, customised, perishable, digital, window_over, opened_sealed_goods, opened_cosmetics, activated,
    intimate_unsealed, not_intact,
)
TABLE = (
    *REFUSING, void_label, no_label, gift_takes_all, gift_kept, paid_before, exchange_wished, something_else_wished,
    insured, right_to_return,
)


def judge(s: Situation) -> Finding:
    """Whether goods without a fault can be returned, and what comes back."""
    return decide(TABLE, s)


def can_return(s: Situation) -> bool:
    """Whether the 7-day return is open for these goods now."""
    return all(each.check(s) is None for each in REFUSING)
