"""A conversation costs the same in a shop's tenth year: nothing it does reads a table that grows from end to end."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from bot.store import models
from bot.store.database import engine, session
from tests.promises.interleaving import AGENTS, STANDING, SUPERVISOR, Interleaving
from tests.web.conftest import DROPPED

GROW = {"conversations", "messages", "cases", "offers", "ledger_entries", "ledger_steps", "evidence", "uploads", "audit_entries", "orders", "skus", "prices"}


def test_nothing_a_conversation_does_reads_a_whole_table(given: Callable[..., None]) -> None:
    for number in range(1, 21):
        given(DROPPED, number=number)
    with session() as db:
        for name in (*AGENTS, SUPERVISOR):
            db.add(models.Agent(name=name, role="supervisor" if name == SUPERVISOR else "agent", password_hash="x"))
    whole: set[tuple[str, str]] = set()
    asked: set[str] = set()

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if many or statement == STANDING or not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        asked.add(statement)
        for *_, plan in connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values):
            verb, table, *_ = (*plan.split(), "")
            # Without statistics SQLite may take the index of the states, which finds the whole shop's, for one customer's or conversation's cases.
            if (verb == "SCAN" and table in GROW) or ("ix_cases_state" in plan and any(f"cases.{one} = ?" in statement for one in ("customer_id", "conversation_id"))):
                whole.add((plan, statement))

    event.listen(engine(), "before_cursor_execute", explain)
    for number in range(1, 21):
        one = Interleaving(number, random.Random(number))
        for _ in range(12):
            one.step()
    event.remove(engine(), "before_cursor_execute", explain)
    assert len(asked) > 30
    assert whole == set()
