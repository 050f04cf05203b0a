"""What a customer does in a negotiation: the acts of contracts.md section 5, as JSON and back."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec

from bot.aftersales.assessment import Remedy
from bot.aftersales.case import Evidence
from bot.negotiation.terms import Preference

Does = Literal["accept", "reject", "counter", "ask_why", "human", "leave", "evidence"]


class Act(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One act.

    option: for accept. remedy, fen: for counter. evidence: what the customer now handed in.
    hints: preferences heard in the words; they order the forms and never change the money.
    mood: anger heard, 0–1; it softens the tone and never changes the money.
    """

    act: Does
    option: str | None = None
    remedy: Remedy | None = None
    fen: Annotated[int, msgspec.Meta(ge=0, le=10**12)] | None = None
    evidence: tuple[Evidence, ...] = ()
    hints: tuple[Preference, ...] = ()
    mood: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0

    def __post_init__(self) -> None:
        if self.act == "accept" and not self.option:
            raise ValueError("accept 需要 option:选中的方案编号")
        if self.act == "counter" and (self.remedy is None or self.fen is None or self.remedy == "none"):
            raise ValueError("counter 需要 remedy(想要的方式)和 fen(多少分,换货、补发、维修写 0)")
        if self.act == "evidence" and not self.evidence:
            raise ValueError(f"evidence 需要 evidence:{', '.join(get_args(Evidence))} 中的一种或几种")


def read_act(raw: Any) -> Act:
    """An act from decoded JSON. Raises ValueError naming the field and what would be right."""
    try:
        return msgspec.convert(raw, Act)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
