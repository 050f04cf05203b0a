"""The shop's conduct: 假货、虚假宣传、价格欺诈、拒退、服务态度、多收费、隐私 (rules.md 2.1, 1.4).

Most of these are a person's in every case. Three- and tenfold damages are neither denied nor promised:
the sentence says that a specialist answers for what the law provides.

Choices where rules.md leaves room:
- Suspicion with a picture is enough for the return (商家先举证); without one the picture is asked for.
- Refused returns alone: the return is judged again as of the first request that was refused.
- Charged twice: the sum the systems know is owed; a person looks at the payment (重复扣款).
"""

from __future__ import annotations

from bot.aftersales import change_of_mind
from bot.aftersales import source as src
from bot.aftersales.assessment import RemedyDue
from bot.aftersales.finding import Finding
from bot.aftersales.remedy import ask, freight_owed, goodwill, in_kind, money_back, nothing, owed_by_shop
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import Situation

PROOF_OF_WORDS = ("photo", "video", "chat", "price_screenshot")


def _return(s: Situation) -> Finding:
    found = owed_by_shop(s, money_back(s))
    if s.wish in ("exchange", "repair"):
        found.remedies += (in_kind("exchange", "negotiable"),)
    return found


def _counterfeit(s: Situation) -> Finding:
    """Sent back always: whether it is genuine can only be seen on the goods."""
    return owed_by_shop(s, RemedyDue("return_refund", s.value_fen, True, "owed"), human="counterfeit")


def _legal(s: Situation) -> Finding:
    found = _return(s)
    found.human = "legal_claim"
    return found


@rule(
    "CF-01", when="怀疑假货，没有照片", effect="请补一张疑点照片；人工",
    text="请发一张您觉得可疑的地方的照片，进货凭证由商家先提供，专人会同时跟进。", source=f"{src.D1}第59条",
    then=lambda s: ask("photo", human="counterfeit"),
)
def counterfeit_no_picture(s: Situation) -> Facts | None:
    return None if s.has("photo", "video") else {"evidence": sorted(s.evidence)}


@rule(
    "CF-02", when="怀疑假货（不受售后期限限制）", effect="退货退款，运费与证实后的检测费商家；商家先交进货凭证；人工",
    text="可以退货退款 {fen:yuan}，运费由商家承担；商品来源由商家先举证，送检证实有问题的检测费也由商家承担。依法的其他权利由专人答复您。",
    source=f"{src.D1}第4、59、61条；{src.L1}第55条", then=_counterfeit,
)
def counterfeit(s: Situation) -> Facts | None:
    return {"fen": s.value_fen}


@rule(
    "FA-01", when="虚假宣传，没有宣传的截图、录屏或聊天", effect="请补一张宣传截图；人工",
    text="请发一张宣传的截图或录屏，直播的可以告诉我们时间点，专人会同时跟进。", source=f"{src.L9}第11条",
    then=lambda s: ask("photo", human="legal_claim"),
)
def advertising_no_proof(s: Situation) -> Facts | None:
    return None if s.has(*PROOF_OF_WORDS) else {"evidence": sorted(s.evidence)}


@rule(
    "FA-02", when="虚假宣传（主播说的也算店铺的）", effect="退货退款，运费商家；人工",
    text="可以退货退款 {fen:yuan}，运费由商家承担；主播说的话店铺同样负责。依法的其他权利由专人答复您。",
    source=f"{src.L1}第20、55条；{src.L9}第11条", then=_legal,
)
def advertising(s: Situation) -> Facts | None:
    return {"fen": s.value_fen}


@rule(
    "PF-01", when="价格欺诈，系统里没有价格记录，也没有截图", effect="请补价格截图；人工",
    text="请发一张价格的截图，店铺的价格记录由我们调取，专人会同时跟进。", source=f"{src.L6}第16、19条",
    then=lambda s: ask("price_screenshot", human="legal_claim"),
)
def pricing_no_proof(s: Situation) -> Facts | None:
    known = s.price is not None or s.case.price_log or s.has("price_screenshot", "photo", "video")
    return None if known else {"price": None, "price_log": None}


@rule(
    "PF-02", when="价格欺诈（先涨后降、虚假折扣）", effect="退货退款或退差，运费商家；人工",
    text="可以退货退款 {fen:yuan}，运费由商家承担；差价按店铺价格记录核对。依法的其他权利由专人答复您。",
    source=f"{src.L6}第16、19条；{src.L1}第55条", then=_legal,
)
def pricing(s: Situation) -> Facts | None:
    return {"fen": s.value_fen}


def _reopen(s: Situation) -> Finding:
    found = change_of_mind.judge(s)
    found.human = "dispute"
    if found.return_freight != "none":
        found.return_freight = "merchant"
        found.remedies += freight_owed(s, found.remedies)
    return found


@rule(
    "RO-01", when="退换被拒绝、被要求改售后原因", effect="恢复售后入口，按原诉求重审，运费商家；人工；告知平台入口",
    text="之前的售后不顺，对不起：我们恢复您的售后申请，按您原来的诉求重新处理，不需要改申请原因，退回运费由商家承担。",
    source=f"{src.D1}第18、31、33、44条；{src.D8}", then=_reopen,
)
def obstructed(s: Situation) -> Facts | None:
    refusals = sum(entry.kind == "refusal" for entry in s.history)
    return {"refusals": max(refusals, s.facts.merchant_refusals or 0), "asked": s.asked_at}


def _small_coupon(s: Situation) -> Finding:
    found = goodwill(s)
    found.human = "complaint"
    return found


@rule(
    "SA-01", when="对客服态度不满", effect="道歉并重新处理；主管接手；可给小额券，不附条件",
    text="让您受委屈了，对不起。聊天记录我们看得到，不用您再发，主管会接着为您处理。", source=f"{src.D8}；{src.D9}",
    then=_small_coupon,
)
def attitude(s: Situation) -> Facts | None:
    return {"wish": s.wish}


@rule(
    "PV-01", when="泄露个人信息", effect="立即停止并补救，可要求删除；数据负责人接手",
    text="如果有人自称客服要您转账、给验证码或点链接，请不要照做。您的情况已转给负责个人信息的专人，您也可以要求删除信息。",
    source=f"{src.L8}第47、57、69条；{src.D18}", then=lambda s: nothing(human="privacy"),
)
def privacy(s: Situation) -> Facts | None:
    return {"issue": "privacy_leak"}


def _pay_back(s: Situation) -> Finding:
    fen = s.facts.paid_twice_fen or 0
    return Finding(
        "owed", (RemedyDue("refund", fen, False, "owed"),), floor_fen=fen, cap_fen=fen, human="dispute",
    )


@rule(
    "BE-01", when="系统查到多收或重复扣款", effect="多收即退，不发券抵现；人工核对支付",
    text="系统查到多收了 {fen:yuan}，会退回原支付账户，同事会核对支付记录。", source=f"{src.L10}第41条；{src.L6}第19条",
    then=_pay_back,
)
def charged_twice(s: Situation) -> Facts | None:
    return {"fen": s.facts.paid_twice_fen} if s.facts.paid_twice_fen else None


@rule(
    "BE-02", when="说多收了钱，系统里还没有金额，也没有支付记录", effect="请补支付单号后几位，不要卡号",
    text="请发一张支付记录的截图，露出支付单号后几位就行，卡号请遮住。", source=f"{src.L10}第41条；{src.L8}第6条",
    then=lambda s: ask("bank_record"),
)
def no_record(s: Situation) -> Facts | None:
    return None if s.has("bank_record") else {"paid_twice_fen": None}


@rule(
    "BE-03", when="有支付记录，系统里对不上金额", effect="人工核对",
    text="您的支付记录会由同事和系统核对，多收的部分会退回原支付账户。", source=f"{src.L10}第41条；{src.L6}第19条",
    then=lambda s: nothing(human="dispute"),
)
def amounts_differ(s: Situation) -> Facts | None:
    return {"evidence": "bank_record"}


COUNTERFEIT = (counterfeit_no_picture, counterfeit)
ADVERTISING = (advertising_no_proof, advertising)
PRICING = (pricing_no_proof, pricing)
OBSTRUCTED = (obstructed,)
ATTITUDE = (attitude,)
PRIVACY = (privacy,)
BILLING = (charged_twice, no_record, amounts_differ)


def judge_counterfeit(s: Situation) -> Finding:
    return decide(COUNTERFEIT, s)


def judge_advertising(s: Situation) -> Finding:
    return decide(ADVERTISING, s)


def judge_pricing(s: Situation) -> Finding:
    return decide(PRICING, s)


def judge_obstructed(s: Situation) -> Finding:
    return decide(OBSTRUCTED, s)


def judge_attitude(s: Situation) -> Finding:
    return decide(ATTITUDE, s)


def judge_privacy(s: Situation) -> Finding:
    return decide(PRIVACY, s)


def judge_billing(s: Situation) -> Finding:
    return decide(BILLING, s)
