"""A case's cap never falls below what was promised and paid under it."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MESSAGE = "ledger: a cap below what stands promised"

LOWERED = """NEW.cap_fen IS DISTINCT FROM OLD.cap_fen AND coalesce(NEW.cap_fen, 0) <
    (SELECT coalesce(sum(CASE WHEN e.remedy IN ('coupon', 'gift') THEN e.cost_fen ELSE e.fen END), 0) FROM ledger_entries e
     WHERE e.case_id = NEW.case_id AND e.remedy IN ('coupon', 'gift', 'refund', 'refund_part', 'return_refund', 'price_difference')
       AND NOT EXISTS (SELECT 1 FROM ledger_steps s WHERE s.entry_id = e.entry_id AND s.kind IN ('cancelled', 'reversed')))"""
"""The same sum as the guard of new entries (0002) holds under the cap."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION cases_cap_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {LOWERED} THEN "
            f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'check_violation', CONSTRAINT = 'cases_cap'; END IF; RETURN NEW; END $$"
        )
        op.execute("CREATE TRIGGER cases_cap BEFORE UPDATE OF cap_fen ON cases FOR EACH ROW EXECUTE FUNCTION cases_cap_guard()")
        return
    # "IS DISTINCT FROM" came to SQLite with 3.39 only.
    lowered = LOWERED.replace("IS DISTINCT FROM", "IS NOT")
    op.execute(f"CREATE TRIGGER cases_cap BEFORE UPDATE OF cap_fen ON cases WHEN {lowered} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER cases_cap ON cases")
        op.execute("DROP FUNCTION cases_cap_guard()")
        return
    op.execute("DROP TRIGGER cases_cap")
