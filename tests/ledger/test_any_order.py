"""Whatever is asked of the ledger, in whatever order: the bounds hold and nothing is paid twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from bot.ledger import ledger
from bot.ledger.ledger import MONEY, LedgerRefused
from bot.store import migration
from bot.store.database import engine, session
from bot.store.models import Case, LedgerEntry, LedgerStep, Payout
from bot.store.platform import DemoShop
from tests.ledger.shop import AT, open_case, open_shop

PAID = 10000
CAPS = {"k1": 7000, "k2": 9000}
REMEDIES = ["refund", "refund_part", "return_refund", "price_difference", "coupon", "gift", "freight", "exchange", "resend", "repair"]

template: list[bytes] = []


def migrated() -> bytes:
    """The bytes of a migrated, filled SQLite file, made once."""
    if not template:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/heqi.db"
            migration.upgrade(url)
            with session(url) as opened:
                open_shop(opened, unit_paid_fen=PAID, cap_fen=CAPS["k1"])
                open_case(opened, "k2", "l1", CAPS["k2"], wish="return_goods")
            engine(url).dispose()
            template.append(Path(folder, "heqi.db").read_bytes())
    return template[0]


class Ledger(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name, "heqi.db")
        path.write_bytes(migrated())
        self.url = f"sqlite:///{path}"
        self.entries: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "url"):
            engine(self.url).dispose()
            self.folder.cleanup()

    @rule(
        case_id=st.sampled_from(["k1", "k2"]), cause=st.sampled_from(["a", "b"]), remedy=st.sampled_from(REMEDIES),
        fen=st.sampled_from([0, 1, 2500, 4999, 7000, 10000]), cost_fen=st.sampled_from([0, 1500, 7001]),
    )
    def promise(self, case_id: str, cause: str, remedy: str, fen: int, cost_fen: int) -> None:
        with session(self.url) as opened:
            case = opened.get(Case, case_id)
            before = ledger.entries_of_line(opened, "o1", "l1")
            try:
                entry = ledger.promise(opened, case, cause=cause, remedy=remedy, fen=fen, cost_fen=cost_fen, at=AT)
            except LedgerRefused:
                assert ledger.entries_of_line(opened, "o1", "l1") == before
                return
            if entry.entry_id not in self.entries:
                self.entries.append(entry.entry_id)

    def act(self, index: int, work: str, **given: object) -> None:
        with session(self.url) as opened:
            entry = opened.get(LedgerEntry, self.entries[index % len(self.entries)])
            arguments: list[object] = [opened, entry]
            if work == "pay":
                arguments.append(DemoShop(opened, **given))  # type: ignore[arg-type]
                given = {}
            with suppress(LedgerRefused):
                getattr(ledger, work)(*arguments, AT, **given)

    @precondition(lambda self: self.entries)
    @rule(index=st.integers(0, 20), return_needed=st.booleans())
    def accept(self, index: int, return_needed: bool) -> None:
        self.act(index, "accept", return_needed=return_needed)

    @precondition(lambda self: self.entries)
    @rule(index=st.integers(0, 20), failure=st.sampled_from([{}, {"refuses": 1}, {"loses": 1}]))
    def pay(self, index: int, failure: dict[str, int]) -> None:
        self.act(index, "pay", **failure)

    @precondition(lambda self: self.entries)
    @rule(index=st.integers(0, 20))
    def cancel(self, index: int) -> None:
        self.act(index, "cancel")

    @precondition(lambda self: self.entries)
    @rule(index=st.integers(0, 20))
    def reverse(self, index: int) -> None:
        self.act(index, "reverse", by="platform", why="x")

    @rule()
    def return_goods(self) -> None:
        with session(self.url) as opened, suppress(LedgerRefused):
            ledger.goods_returned(opened, "o1", "l1", AT)

    @rule()
    def retry(self) -> None:
        ledger.pay_due(lambda: session(self.url), DemoShop, AT)

    @invariant()
    def bounds_hold(self) -> None:
        if not hasattr(self, "url"):
            return
        with session(self.url, read_only=True) as opened:
            rows = ledger.entries_of_line(opened, "o1", "l1")
            standing = [row for row in rows if row.state != "cancelled"]
            assert sum(row.fen for row in standing if row.remedy in MONEY) <= PAID
            for case_id, cap in CAPS.items():
                of_case = [row for row in standing if row.case_id == case_id]
                money = sum(row.fen for row in of_case if row.remedy in MONEY)
                assert money + sum(row.cost_fen for row in of_case if row.remedy in {"coupon", "gift"}) <= cap
            assert max(Counter((row.cause, row.remedy) for row in standing).values(), default=1) == 1

    @invariant()
    def paid_is_what_the_platform_paid_once(self) -> None:
        if not hasattr(self, "url"):
            return
        with session(self.url, read_only=True) as opened:
            payouts = {payout.key: payout.fen for payout in opened.scalars(select(Payout))}
            confirmed = opened.execute(
                select(LedgerEntry.entry_id, LedgerEntry.fen)
                .join(LedgerStep, LedgerStep.entry_id == LedgerEntry.entry_id)
                .where(LedgerStep.kind == "confirmed")
            ).all()
            # One confirmation each; a payout whose answer was lost may wait for its confirmation.
            assert len({entry_id for entry_id, _ in confirmed}) == len(confirmed)
            assert all(payouts[entry_id] == fen for entry_id, fen in confirmed)
            sent = set(opened.scalars(select(LedgerStep.entry_id).where(LedgerStep.kind == "sent")))
            assert set(payouts) <= sent


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
