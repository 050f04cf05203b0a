"""Every table of the first version; the triggers follow in 0002."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.CheckConstraint("role IN ('agent', 'supervisor', 'owner')", name="ck_agents_role"),
        sa.CheckConstraint("failures >= 0", name="ck_agents_failures_least"),
        sa.PrimaryKeyConstraint("name", name="pk_agents"),
    )
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("tier", sa.String(), nullable=False),
        sa.CheckConstraint("tier IN ('normal', 'vip')", name="ck_customers_tier"),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
    )
    op.create_table(
        "policy_versions",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.Column("overrides", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.CheckConstraint("source IN ('file', 'snapshot')", name="ck_policy_versions_source"),
        sa.PrimaryKeyConstraint("version", name="pk_policy_versions"),
    )
    op.create_index("ix_policy_versions_source_at", "policy_versions", ["source", "at"], unique=False)

    op.create_table(
        "skus",
        sa.Column("sku_id", sa.String(), nullable=False),
        sa.Column("spu_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("spec", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("list_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("return_cost_fen", sa.BigInteger(), nullable=False),
        sa.Column("traits", JSON, nullable=False),
        sa.Column("is_new_product", sa.Boolean(), nullable=False),
        sa.CheckConstraint("list_price_fen >= 0", name="ck_skus_list_price_fen_least"),
        sa.CheckConstraint("return_cost_fen >= 0", name="ck_skus_return_cost_fen_least"),
        sa.PrimaryKeyConstraint("sku_id", name="pk_skus"),
    )
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("owner IN ('bot', 'queue', 'agent')", name="ck_conversations_owner"),
        sa.CheckConstraint("fence >= 0", name="ck_conversations_fence_least"),
        sa.CheckConstraint("last_seq >= 0", name="ck_conversations_last_seq_least"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.name"], name="fk_conversations_agent_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_conversations_customer_id"),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_conversations"),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.Column("promised_ship_by", MOMENT, nullable=True),
        sa.Column("shipped_at", MOMENT, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("freight_fen", sa.BigInteger(), nullable=False),
        sa.Column("history", JSON, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.CheckConstraint("status IN ('paid', 'shipped', 'delivered', 'completed', 'closed')", name="ck_orders_status"),
        sa.CheckConstraint("freight_fen >= 0", name="ck_orders_freight_fen_least"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_orders_customer_id"),
        sa.PrimaryKeyConstraint("order_id", name="pk_orders"),
    )
    op.create_index("ix_orders_customer_id_paid_at", "orders", ["customer_id", "paid_at"], unique=False)

    op.create_table(
        "prices",
        sa.Column("sku_id", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('direct', 'shop_coupon', 'shop_discount', 'livestream', 'flash_sale', 'member', 'signin', 'platform_subsidy', 'freight', 'red_packet')",
            name="ck_prices_kind",
        ),
        sa.CheckConstraint("price_fen >= 0", name="ck_prices_price_fen_least"),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.sku_id"], name="fk_prices_sku_id"),
        sa.PrimaryKeyConstraint("sku_id", "at", "kind", name="pk_prices"),
    )
    op.create_table(
        "messages",
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("choices", JSON, nullable=False),
        sa.Column("card", JSON, nullable=True),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.CheckConstraint("sender IN ('customer', 'bot', 'agent', 'system')", name="ck_messages_sender"),
        sa.CheckConstraint("seq >= 1", name="ck_messages_seq_least"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.conversation_id"], name="fk_messages_conversation_id"),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name="pk_messages"),
    )
    op.create_index("ux_messages_client_id", "messages", ["conversation_id", "client_id"], unique=True)

    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("sku_id", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("red_packet_fen", sa.BigInteger(), nullable=False),
        sa.Column("labels", JSON, nullable=False),
        sa.Column("price_protection", JSON, nullable=True),
        sa.CheckConstraint("quantity >= 1", name="ck_order_lines_quantity_least"),
        sa.CheckConstraint("red_packet_fen >= 0", name="ck_order_lines_red_packet_fen_least"),
        sa.CheckConstraint("unit_paid_fen >= 0", name="ck_order_lines_unit_paid_fen_least"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_order_lines_order_id"),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.sku_id"], name="fk_order_lines_sku_id"),
        sa.PrimaryKeyConstraint("order_id", "line_id", name="pk_order_lines"),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("line_id", sa.String(), nullable=True),
        sa.Column("wish", sa.String(), nullable=True),
        sa.Column("issues", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("human_reason", sa.String(), nullable=True),
        sa.Column("assessment", JSON, nullable=True),
        sa.Column("floor_fen", sa.BigInteger(), nullable=True),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("policy_version", sa.String(), nullable=True),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("mood", sa.String(), nullable=False),
        sa.Column("negotiation", JSON, nullable=False),
        sa.Column("summary", JSON, nullable=True),
        sa.Column("deadlines", JSON, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "human_reason IN ('asked', 'safety', 'counterfeit', 'legal_claim', 'privacy', 'complaint', 'dispute', 'over_limit', 'minor', 'unknown_rule', 'repeated', 'platform')",
            name="ck_cases_human_reason",
        ),
        sa.CheckConstraint(
            "state IN ('open', 'negotiating', 'awaiting_evidence', 'awaiting_return', 'settled', 'refused', 'with_person', 'withdrawn', 'closed')",
            name="ck_cases_state",
        ),
        sa.CheckConstraint(
            "wish IN ('refund', 'return_goods', 'exchange', 'repair', 'resend', 'cancel_order', 'price_protection', 'compensation', 'complaint')",
            name="ck_cases_wish",
        ),
        sa.CheckConstraint("(order_id IS NULL) = (line_id IS NULL)", name="ck_cases_order_id_line_id"),
        sa.CheckConstraint("cap_fen >= 0", name="ck_cases_cap_fen_least"),
        sa.CheckConstraint("floor_fen <= cap_fen", name="ck_cases_floor_fen_cap_fen"),
        sa.CheckConstraint("floor_fen >= 0", name="ck_cases_floor_fen_least"),
        sa.ForeignKeyConstraint(["claimed_by"], ["agents.name"], name="fk_cases_claimed_by"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.conversation_id"], name="fk_cases_conversation_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_cases_customer_id"),
        sa.ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"], name="fk_cases_order_id_line_id"),
        sa.PrimaryKeyConstraint("case_id", name="pk_cases"),
    )
    op.create_index("ix_cases_conversation_id", "cases", ["conversation_id"], unique=False)
    op.create_index("ix_cases_customer_id", "cases", ["customer_id"], unique=False)
    op.create_index("ix_cases_state", "cases", ["state"], unique=False)
    op.create_index(
        "ux_cases_open",
        "cases",
        ["order_id", "line_id", "wish"],
        unique=True,
        sqlite_where=sa.text("state IN ('open', 'negotiating', 'awaiting_evidence', 'with_person')"),
        postgresql_where=sa.text("state IN ('open', 'negotiating', 'awaiting_evidence', 'with_person')"),
    )

    op.create_table(
        "payouts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("fen >= 0", name="ck_payouts_fen_least"),
        sa.ForeignKeyConstraint(
            ["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"], name="fk_payouts_order_id_line_id"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_payouts"),
        sa.UniqueConstraint("receipt", name="uq_payouts_receipt"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("detail", JSON, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_audit_entries_case_id"),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_case_id", "audit_entries", ["case_id"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('photo', 'video', 'parcel_photo', 'chat', 'invoice', 'medical_record', 'price_screenshot', 'logistics_query', 'bank_record')",
            name="ck_evidence_kind",
        ),
        sa.CheckConstraint("length(sha256) = 64", name="ck_evidence_sha256"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_evidence_case_id"),
        sa.PrimaryKeyConstraint("evidence_id", name="pk_evidence"),
        sa.UniqueConstraint("case_id", "kind", "sha256", name="uq_evidence_case_id_kind_sha256"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("fen = 0 OR remedy NOT IN ('exchange', 'resend', 'repair')", name="ck_ledger_entries_goods_fen"),
        sa.CheckConstraint(
            "remedy IN ('refund', 'refund_part', 'return_refund', 'exchange', 'resend', 'repair', 'price_difference', 'coupon', 'gift', 'freight', 'medical')",
            name="ck_ledger_entries_remedy",
        ),
        sa.CheckConstraint("attempt >= 1", name="ck_ledger_entries_attempt_least"),
        sa.CheckConstraint("cost_fen >= 0", name="ck_ledger_entries_cost_fen_least"),
        sa.CheckConstraint("fen >= 0", name="ck_ledger_entries_fen_least"),
        sa.CheckConstraint("quantity >= 1", name="ck_ledger_entries_quantity_least"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_ledger_entries_case_id"),
        sa.ForeignKeyConstraint(
            ["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"], name="fk_ledger_entries_order_id_line_id"
        ),
        sa.PrimaryKeyConstraint("entry_id", name="pk_ledger_entries"),
        sa.UniqueConstraint(
            "order_id", "line_id", "cause", "remedy", "attempt", name="uq_ledger_entries_order_id_line_id_cause_remedy_attempt"
        ),
    )
    op.create_index("ix_ledger_entries_case_id", "ledger_entries", ["case_id"], unique=False)

    op.create_table(
        "offers",
        sa.Column("offer_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_offers_case_id"),
        sa.PrimaryKeyConstraint("offer_id", name="pk_offers"),
    )
    op.create_index("ix_offers_case_id_at", "offers", ["case_id", "at"], unique=False)

    op.create_table(
        "ledger_steps",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('promised', 'accepted', 'awaiting_return', 'returned', 'sent', 'failed', 'confirmed', 'cancelled', 'reversed')",
            name="ck_ledger_steps_kind",
        ),
        sa.CheckConstraint("seq >= 1", name="ck_ledger_steps_seq_least"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.entry_id"], name="fk_ledger_steps_entry_id"),
        sa.PrimaryKeyConstraint("entry_id", "seq", name="pk_ledger_steps"),
    )


def downgrade() -> None:
    op.drop_table("ledger_steps")

    op.drop_table("offers")

    op.drop_table("ledger_entries")
    op.drop_table("evidence")

    op.drop_table("audit_entries")
    op.drop_table("payouts")

    op.drop_table("cases")
    op.drop_table("order_lines")

    op.drop_table("messages")
    op.drop_table("prices")

    op.drop_table("orders")
    op.drop_table("conversations")
    op.drop_table("skus")

    op.drop_table("policy_versions")
    op.drop_table("customers")
    op.drop_table("agents")
