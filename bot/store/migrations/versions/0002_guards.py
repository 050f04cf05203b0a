"""Triggers that guard money: what must never break is refused by the database itself.

A guard is a message and the condition under which an insert is refused, written once and used on
both databases. Each holds whoever writes, also by hand.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("ledger_entries", "ledger_steps", "audit_entries", "payouts")

MONEY = "('refund', 'refund_part', 'return_refund', 'price_difference')"
"""Remedies that give back what was paid for a line. Freight and medical fees are bounded by their receipts."""

STANDS = "NOT EXISTS (SELECT 1 FROM ledger_steps s WHERE s.entry_id = e.entry_id AND s.kind IN ('cancelled', 'reversed'))"
UNFINISHED = "NOT EXISTS (SELECT 1 FROM ledger_steps s WHERE s.entry_id = e.entry_id AND s.kind = 'confirmed')"
SAME_LINE = "e.order_id = NEW.order_id AND e.line_id = NEW.line_id"

FACTS = {
    # Money paid twice by mistake belongs to the customer on top of what the goods cost.
    "sqlite": {
        "paid_twice": "coalesce((SELECT json_extract(o.facts, '$.paid_twice_fen') FROM orders o WHERE o.order_id = NEW.order_id), 0)",
        "history": """coalesce((SELECT sum(json_extract(h.value, '$.fen')) FROM orders o, json_each(o.history) h
            WHERE o.order_id = NEW.order_id AND json_extract(h.value, '$.kind') IN ('price_protection', 'refund') {which}), 0)""",
        "history_line": "AND json_extract(h.value, '$.line_id') = NEW.line_id",
    },
    "postgresql": {
        "paid_twice": "coalesce((SELECT (o.facts ->> 'paid_twice_fen')::bigint FROM orders o WHERE o.order_id = NEW.order_id), 0)",
        "history": """coalesce((SELECT sum((h.value ->> 'fen')::bigint) FROM orders o, jsonb_array_elements(o.history) h
            WHERE o.order_id = NEW.order_id AND h.value ->> 'kind' IN ('price_protection', 'refund') {which}), 0)""",
        "history_line": "AND h.value ->> 'line_id' = NEW.line_id",
    },
}


def entry_guards(dialect: str) -> dict[str, tuple[str, str]]:
    """Guard name → (message, condition that refuses a new ledger entry)."""
    facts = FACTS[dialect]
    paid_twice = facts["paid_twice"]
    history_line = facts["history"].format(which=facts["history_line"])
    history = facts["history"].format(which="")
    line_paid = "(SELECT l.unit_paid_fen * l.quantity FROM order_lines l WHERE l.order_id = NEW.order_id AND l.line_id = NEW.line_id)"
    return {
        "attempt": (
            "ledger: this remedy is already promised for this line and cause",
            f"""EXISTS (SELECT 1 FROM ledger_entries e WHERE {SAME_LINE}
                AND e.cause = NEW.cause AND e.remedy = NEW.remedy AND {STANDS})""",
        ),
        "order": (
            "ledger: the case is about another order",
            "NOT EXISTS (SELECT 1 FROM cases c WHERE c.case_id = NEW.case_id AND c.order_id = NEW.order_id)",
        ),
        "quantity": (
            "ledger: more pieces than the line has",
            """NEW.quantity > (SELECT l.quantity FROM order_lines l
                WHERE l.order_id = NEW.order_id AND l.line_id = NEW.line_id)""",
        ),
        "line": (
            "ledger: more money than was paid for the line",
            f"""NEW.remedy IN {MONEY} AND NEW.fen + {history_line}
                + (SELECT coalesce(sum(e.fen), 0) FROM ledger_entries e WHERE {SAME_LINE} AND e.remedy IN {MONEY} AND {STANDS})
                > {line_paid} + {paid_twice}""",
        ),
        "whole_order": (
            "ledger: more money than was paid for the order",
            f"""NEW.remedy IN {MONEY} AND NEW.fen + {history}
                + (SELECT coalesce(sum(e.fen), 0) FROM ledger_entries e
                   WHERE e.order_id = NEW.order_id AND e.remedy IN {MONEY} AND {STANDS})
                > (SELECT sum(l.unit_paid_fen * l.quantity) FROM order_lines l WHERE l.order_id = NEW.order_id)
                + (SELECT o.freight_fen FROM orders o WHERE o.order_id = NEW.order_id) + {paid_twice}""",
        ),
        "cap": (
            "ledger: more than the cap of the case",
            f"""(NEW.remedy IN {MONEY} AND NEW.fen > 0 OR NEW.remedy IN ('coupon', 'gift') AND NEW.cost_fen > 0)
                AND (CASE WHEN NEW.remedy IN {MONEY} THEN NEW.fen ELSE NEW.cost_fen END)
                + (SELECT coalesce(sum(CASE WHEN e.remedy IN {MONEY} THEN e.fen ELSE e.cost_fen END), 0)
                   FROM ledger_entries e WHERE e.case_id = NEW.case_id AND e.remedy IN ('coupon', 'gift',
                   'refund', 'refund_part', 'return_refund', 'price_difference') AND {STANDS})
                > coalesce((SELECT c.cap_fen FROM cases c WHERE c.case_id = NEW.case_id), 0)""",
        ),
        # A piece is either refunded or replaced: a replacement that has not reached the customer yet
        # holds the worth of its pieces. One that has reached him may be refunded when it fails too.
        "refund_or_replace": (
            "ledger: the same pieces would be both refunded and replaced",
            f"""NEW.remedy IN ('refund', 'return_refund', 'exchange', 'resend') AND NEW.cause <> 'billing_error'
                AND (NEW.remedy IN ('exchange', 'resend') OR EXISTS (SELECT 1 FROM ledger_entries e
                     WHERE {SAME_LINE} AND e.remedy IN ('exchange', 'resend') AND {STANDS} AND {UNFINISHED}))
                AND (SELECT coalesce(sum(CASE WHEN e.remedy IN ('exchange', 'resend')
                        THEN l.unit_paid_fen * coalesce(e.quantity, l.quantity) ELSE e.fen END), 0)
                     FROM ledger_entries e JOIN order_lines l ON l.order_id = e.order_id AND l.line_id = e.line_id
                     WHERE {SAME_LINE} AND e.cause <> 'billing_error' AND {STANDS}
                       AND (e.remedy IN ('refund', 'return_refund') OR e.remedy IN ('exchange', 'resend') AND {UNFINISHED}))
                + (SELECT CASE WHEN NEW.remedy IN ('exchange', 'resend')
                        THEN l.unit_paid_fen * coalesce(NEW.quantity, l.quantity) ELSE NEW.fen END
                   FROM order_lines l WHERE l.order_id = NEW.order_id AND l.line_id = NEW.line_id)
                > {line_paid}""",
        ),
    }


FOLLOWS = (
    ">promised",
    "promised>accepted", "promised>cancelled",
    "accepted>awaiting_return", "accepted>sent", "accepted>cancelled",
    "awaiting_return>returned", "awaiting_return>cancelled",
    "returned>sent", "returned>cancelled",
    # Once sent, the platform may have paid: no way back but its own word.
    "sent>sent", "sent>failed", "sent>confirmed",
    "failed>sent",
    "confirmed>reversed",
)
LAST_SEQ = "coalesce((SELECT max(s.seq) FROM ledger_steps s WHERE s.entry_id = NEW.entry_id), 0)"
LAST_KIND = "coalesce((SELECT s.kind FROM ledger_steps s WHERE s.entry_id = NEW.entry_id ORDER BY s.seq DESC LIMIT 1), '')"

STEP_GUARDS = {
    "seq": ("ledger: steps are numbered without a gap", f"NEW.seq <> {LAST_SEQ} + 1"),
    "follows": (
        "ledger: this step cannot follow the one before",
        f"({LAST_KIND} || '>' || NEW.kind) NOT IN ({', '.join(repr(pair) for pair in FOLLOWS)})",
    ),
}

LOCKS = {
    # Two promises at once must not both see room for themselves: the second waits here for the first.
    "ledger_entries": """
        PERFORM 1 FROM order_lines l WHERE l.order_id = NEW.order_id ORDER BY l.line_id FOR NO KEY UPDATE;
        PERFORM 1 FROM cases c WHERE c.case_id = NEW.case_id FOR NO KEY UPDATE;""",
    "ledger_steps": """
        PERFORM 1 FROM ledger_entries e WHERE e.entry_id = NEW.entry_id FOR NO KEY UPDATE;""",
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    make = {"sqlite": guard_sqlite, "postgresql": guard_postgresql}[dialect]
    make("ledger_entries", entry_guards(dialect))
    make("ledger_steps", STEP_GUARDS)
    if dialect == "postgresql":
        op.execute(
            """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
            END $$"""
        )
    for table in APPEND_ONLY:
        if dialect == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_append_only_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def guard_sqlite(table: str, guards: dict[str, tuple[str, str]]) -> None:
    for name, (message, condition) in guards.items():
        # The colon of a JSON path must not be taken for a parameter, so the driver gets the text as it is.
        op.get_bind().exec_driver_sql(
            f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )


def guard_postgresql(table: str, guards: dict[str, tuple[str, str]]) -> None:
    checks = "".join(
        f"IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_{name}'; END IF;\n"
        for name, (message, condition) in guards.items()
    )
    op.get_bind().exec_driver_sql(
        f"CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {LOCKS[table]}\n{checks} RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {table}_guard BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard()")


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
        for table in ("ledger_entries", "ledger_steps"):
            op.execute(f"DROP TRIGGER {table}_guard ON {table}")
            op.execute(f"DROP FUNCTION {table}_guard()")
        return
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_append_only_{verb}")
    for name in entry_guards(dialect):
        op.execute(f"DROP TRIGGER ledger_entries_{name}")
    for name in STEP_GUARDS:
        op.execute(f"DROP TRIGGER ledger_steps_{name}")
