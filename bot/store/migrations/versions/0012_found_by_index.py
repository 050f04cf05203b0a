"""Finds the specs of one product, and the waiting case of one conversation, without reading all of them."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_skus_spu_id", "skus", ["spu_id"])
    op.create_index("ix_cases_conversation_id_state", "cases", ["conversation_id", "state"])
    op.drop_index("ix_cases_conversation_id", "cases")


def downgrade() -> None:
    op.create_index("ix_cases_conversation_id", "cases", ["conversation_id"])
    op.drop_index("ix_cases_conversation_id_state", "cases")
    op.drop_index("ix_skus_spu_id", "skus")
