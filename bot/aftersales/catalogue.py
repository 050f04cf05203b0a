"""All rules in one list, and the document written from them."""

from __future__ import annotations

from bot.aftersales import (  # noqa: F401 — importing the modules enters their rules
    assess,
    breach,
    change_of_mind,
    conduct,
    delivery,
    fresh,
    handover,
    price_protection,
    quality,
    safety,
    ways,
)
from bot.aftersales.rule import RULES, Rule

TOPICS = {
    "PP": "价保", "QD": "质量问题", "RP": "维修", "ND": "描述不符", "WI": "发错", "MI": "少件", "DM": "运输损坏",
    "PB": "承诺未兑现", "FR": "生鲜与鲜花绿植", "SF": "安全", "NR": "七天无理由退货与商品性质", "UN": "未发货", "IT": "在途",
    "DL": "发货超时", "RC": "没收到", "CF": "假货", "FA": "虚假宣传", "PF": "价格欺诈", "RO": "退换被拒", "SA": "服务态度",
    "PV": "隐私泄露", "BE": "多收费", "NO": "没说明问题", "CO": "投诉", "CL": "已了结", "HU": "转人工", "AB": "请人看一眼的信号",
    "WA": "还能怎么办（退换、平台介入、12315、人工）",
}
"""Prefix of a rule's id → its topic, in the document's order."""

HEAD = """# 规则

由 `heqi rules` 从规则本身生成，不要手改。每条：编号、什么时候、结果、对顾客说的话（花括号里填事实）、依据。
没有「判定」的规则只作说明，接着往下看；同一主题里从上到下第一条判定的规则生效。
"""


def rules() -> list[Rule]:
    """Every rule, by topic and within a topic by id."""
    order = {prefix: place for place, prefix in enumerate(TOPICS)}
    return sorted(RULES.values(), key=lambda each: (order[each.id[:2]], each.id))


def as_markdown() -> str:
    """docs/rules.md as text."""
    parts = [HEAD]
    topic = ""
    for each in rules():
        if each.id[:2] != topic:
            topic = each.id[:2]
            parts.append(f"\n## {TOPICS[topic]}\n\n| 编号 | 条件 | 结果 | | 对顾客说的话 | 依据 |\n|---|---|---|---|---|---|\n")
        cells = (each.id, each.when, each.effect, "判定" if each.then else "说明", each.text, each.source)
        parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)
