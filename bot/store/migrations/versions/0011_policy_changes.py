"""The policy in force is what the database says, once somebody has put one in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_changes",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["policy_versions.version"], name="fk_policy_changes_version"),
        sa.PrimaryKeyConstraint("number", name="pk_policy_changes"),
    )


def downgrade() -> None:
    op.drop_table("policy_changes")
