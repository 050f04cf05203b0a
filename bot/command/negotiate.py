"""`heqi negotiate`: the negotiation protocol of contracts.md section 5 over stdin and stdout."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import click
import msgspec

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Case
from bot.aftersales.facts import read_case
from bot.aftersales.policy import Policy
from bot.command.assess import policy_in_use
from bot.negotiation.act import read_act
from bot.negotiation.negotiation import Human, Left, Move, Negotiation, Offer, Settled
from bot.negotiation.settlement import rows_of
from bot.negotiation.terms import read_terms

END = object()
"""What the input gives when it is over; `null` is a line like any other."""


def _line(move: Offer | Settled | Human) -> dict[str, Any]:
    """A move as the protocol writes it."""
    if isinstance(move, Settled):
        return {"say": "settled", "option": move.option.id, "text": move.message}
    if isinstance(move, Human):
        return {"say": "human", "reason": move.reason, "text": move.message}
    options = [
        {
            "id": option.id, "remedy": option.remedy, "fen": option.fen, "cost_fen": option.cost_fen,
            "text": text, "right": option.owed, "return_needed": option.return_needed,
            "parts": [{"remedy": part.remedy, "fen": part.fen} for part in option.parts],
        }
        for option, text in zip(move.options, move.texts, strict=True)
    ]
    line: dict[str, Any] = {
        "turn": move.turn, "say": "offer", "options": options, "final": move.final,
        "text": move.message, "needs": list(move.needs),
    }
    if move.reasons:
        line["reasons"] = [
            {"rule": reason.rule, "text": reason.text, "source": reason.source} for reason in move.reasons
        ]
    return line


class Table:
    """The shop's side of one stream: cases and acts in, lines out, each flushed."""

    def __init__(self, lines: TextIO, out: TextIO, policy: Policy) -> None:
        self.lines, self.out, self.policy = lines, out, policy

    def serve(self) -> None:
        """Case after case until the input ends."""
        for raw in self._records():
            if not isinstance(raw, dict) or "case" not in raw:
                self._error('应为 {"case": {…}}:先给一个案子')
                continue
            try:
                case, negotiation = self._opened(raw["case"])
            except ValueError as error:
                self._error(str(error))
                continue
            self._play(case, negotiation)

    def _opened(self, raw: Any) -> tuple[Case, Negotiation]:
        case = read_case(raw)
        policy = self.policy.with_overrides(case.policy)

        def judged(one: Case) -> Assessment:
            return assess(one, self.policy)

        return case, Negotiation.open(case, judged(case), read_terms(policy.negotiation), judged)

    def _play(self, case: Case, negotiation: Negotiation) -> None:
        self._show(negotiation.move())
        while isinstance(negotiation.move(), Offer):
            raw = next(self._records(), END)
            if raw is END:
                return
            try:
                negotiation = negotiation.answer(read_act(raw))
            except ValueError as error:
                self._error(str(error))
            else:
                self._show(negotiation.move())
        move = negotiation.move()
        rows = rows_of(case, move.option) if isinstance(move, Settled) else ()
        self._say({"say": "end", "ledger": [msgspec.to_builtins(row) for row in rows]})

    def _records(self) -> Iterator[Any]:
        """Decoded lines; blank ones are skipped, broken ones answered with an error."""
        while line := self.lines.readline():
            if line.strip():
                try:
                    raw = json.loads(line)
                except (ValueError, RecursionError) as error:
                    self._error(f"不是一行 JSON:{error}")
                else:
                    yield raw

    def _show(self, move: Move) -> None:
        if not isinstance(move, Left):
            self._say(_line(move))

    def _error(self, message: str) -> None:
        self._say({"say": "error", "message": message})

    def _say(self, record: dict[str, Any]) -> None:
        self.out.write(json.dumps(record, ensure_ascii=False) + "\n")
        self.out.flush()


@click.command(help="协商协议:一行一个 JSON,先给 {\"case\": …},再一来一回(contracts.md 第 5 节)。")
@click.option("--policy", "path", metavar="FILE", help="店铺政策文件（缺省：HEQI_POLICY）")
def command(path: str | None) -> None:
    """Serves the protocol on stdin and stdout. Exit status 1 when the policy cannot be read."""
    policy = policy_in_use(path)
    try:
        read_terms(policy.negotiation)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    stdin = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", write_through=True)
    Table(stdin, stdout, policy).serve()
