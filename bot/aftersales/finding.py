"""What one table of rules finds for a case, before the findings are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.aftersales.assessment import Deadline, HumanReason, Reason, RemedyDue, ReturnFreight
from bot.aftersales.case import Evidence

State = Literal["owed", "negotiable", "needs_evidence", "refused"]


@dataclass(slots=True)
class Finding:
    """Money in fen. `state` says how far the table came; a person's part is `human`.

    state: owed (do it), negotiable (between floor and cap), needs_evidence, refused.
    """

    state: State
    remedies: tuple[RemedyDue, ...] = ()
    floor_fen: int = 0
    cap_fen: int = 0
    return_freight: ReturnFreight = "none"
    needs: tuple[Evidence, ...] = ()
    human: HumanReason | None = None
    reasons: tuple[Reason, ...] = ()
    deadlines: tuple[Deadline, ...] = ()

    @property
    def rank(self) -> tuple[int, int]:
        """Orders findings of several issues: what gives the customer most comes first."""
        order = {"owed": 4, "negotiable": 4 if self.floor_fen else 2, "needs_evidence": 3, "refused": 1}
        return order[self.state], self.floor_fen
