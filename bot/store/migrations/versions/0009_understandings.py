"""How Rasa understood each message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "understandings",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 1", name="ck_understandings_confidence"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.conversation_id"], name="fk_understandings_conversation_id"),
        sa.PrimaryKeyConstraint("event_id", name="pk_understandings"),
    )
    op.create_index("ix_understandings_at", "understandings", ["at"])
    op.create_index("ix_understandings_conversation_id", "understandings", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("understandings")
