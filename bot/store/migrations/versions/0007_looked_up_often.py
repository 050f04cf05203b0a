"""Finds a customer's conversations without reading everybody's, and what changed at the desk without reading the cases."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_conversations_customer_id", "conversations", ["customer_id", "opened_at"])
    op.create_index("ix_cases_updated_at", "cases", ["updated_at", "claimed_by"])


def downgrade() -> None:
    op.drop_index("ix_cases_updated_at", "cases")
    op.drop_index("ix_conversations_customer_id", "conversations")
