"""What the web needs: which messages were heard and answered, who wrote, what was pressed, files, presence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
UNANSWERED = sa.text("heard_seq > answered_seq")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("heard_seq", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("answered_seq", sa.Integer(), nullable=False, server_default="0"))
    # Whatever was said before this version was answered by the process that took it, or handed over.
    op.execute("UPDATE conversations SET heard_seq = last_seq, answered_seq = last_seq")
    op.create_index(
        "ix_conversations_unanswered", "conversations", ["conversation_id"],
        unique=False, sqlite_where=UNANSWERED, postgresql_where=UNANSWERED,
    )
    op.add_column("messages", sa.Column("choice", sa.String(), nullable=True))
    op.add_column("messages", sa.Column("author", sa.String(), nullable=True))
    op.add_column("agents", sa.Column("seen_at", MOMENT, nullable=True))
    op.create_table(
        "uploads",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name="ck_uploads_sha256"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.conversation_id"], name="fk_uploads_conversation_id_conversations"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_uploads_case_id_cases"),
        sa.PrimaryKeyConstraint("upload_id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_conversation_id", "uploads", ["conversation_id"], unique=False)


def downgrade() -> None:
    op.drop_table("uploads")
    op.drop_column("agents", "seen_at")
    op.drop_column("messages", "author")
    op.drop_column("messages", "choice")
    op.drop_index("ix_conversations_unanswered", "conversations")
    op.drop_column("conversations", "answered_seq")
    op.drop_column("conversations", "heard_seq")
