"""The spine: people, workspaces, gateways, keys, prices, inbox, events, books, audit log.

Revision: 0001
Follows:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archived_event_keys",
        sa.Column("gateway_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "event_id", sa.LargeBinary(length=200).with_variant(sa.VARBINARY(length=200), "mysql"), nullable=False
        ),
        sa.Column(
            "payload_hash", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("gateway_id", "event_id", name=op.f("pk_archived_event_keys")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "audit_details",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_details")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_user_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("public_id", name=op.f("uq_audit_log_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_audit_log_action_id"), "audit_log", ["action", "id"], unique=False)
    op.create_index(op.f("ix_audit_log_actor_user_id_id"), "audit_log", ["actor_user_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_log_workspace_id_id"), "audit_log", ["workspace_id", "id"], unique=False)
    op.create_table(
        "balances",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance_nano", sa.BigInteger(), nullable=False),
        sa.Column("debt_nano", sa.BigInteger(), nullable=False),
        sa.Column("spent_nano", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_balances")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "batch_outcomes",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("inserted", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("duplicates", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("conflicts", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("quarantined", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("unpriced", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("credits_nano", sa.BigInteger(), nullable=False),
        sa.Column("outcomes", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.Column("codes", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_outcomes")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_batch_outcomes_settlement_id"), "batch_outcomes", ["settlement_id"], unique=False)
    op.create_table(
        "books_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("is_full", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("is_clean", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("batch_watermark", sa.BigInteger(), nullable=False),
        sa.Column("settlement_watermark", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_books_runs")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "event_id", sa.LargeBinary(length=200).with_variant(sa.VARBINARY(length=200), "mysql"), nullable=False
        ),
        sa.Column(
            "payload_hash", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("output_tokens", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column(
            "cache_read_tokens", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False
        ),
        sa.Column(
            "cache_write_5m_tokens", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False
        ),
        sa.Column(
            "cache_write_1h_tokens", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False
        ),
        sa.Column("web_searches", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("service_tier", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("speed", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("geography", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("is_error", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("flags", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("price_id", sa.BigInteger(), nullable=False),
        sa.Column("credits_nano", sa.BigInteger(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "session_label", sa.LargeBinary(length=200).with_variant(sa.VARBINARY(length=200), "mysql"), nullable=False
        ),
        sa.Column("hold_id", sa.LargeBinary(length=16).with_variant(sa.VARBINARY(length=16), "mysql"), nullable=False),
        sa.Column(
            "extra", sa.LargeBinary(length=2048).with_variant(sa.VARBINARY(length=2048), "mysql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("gateway_id", "event_id", name="uq_events_gateway_id_event_id"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_events_settlement_id", "events", ["settlement_id", "workspace_id"], unique=False)
    op.create_index("ix_events_workspace_id_event_at", "events", ["workspace_id", "event_at", "id"], unique=False)
    op.create_table(
        "gateway_activity",
        sa.Column("gateway_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_post_at", sa.BigInteger(), nullable=False),
        sa.Column("last_event_at", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_gateway_activity")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "gateways",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column(
            "name",
            sa.String(length=120).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=120), "mysql"),
            nullable=False,
        ),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateways")),
        sa.UniqueConstraint("public_id", name=op.f("uq_gateways_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("remaining_nano", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("public_id", name=op.f("uq_grants_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_grants_state_effective_at"), "grants", ["state", "effective_at"], unique=False)
    op.create_index(op.f("ix_grants_state_expires_at"), "grants", ["state", "expires_at"], unique=False)
    op.create_index(op.f("ix_grants_workspace_id_id"), "grants", ["workspace_id", "id"], unique=False)
    op.create_index(op.f("ix_grants_workspace_id_state"), "grants", ["workspace_id", "state"], unique=False)
    op.create_table(
        "idempotency_records",
        sa.Column("scope", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.Column(
            "request_hash", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False
        ),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_idempotency_records")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_idempotency_records_created_at"), "idempotency_records", ["created_at"], unique=False)
    op.create_table(
        "inbox_batches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("received", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("rejected", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.Column("rejections", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.Column("ids", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_batches")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inbox_batches_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_inbox_batches_state_id"), "inbox_batches", ["state", "id"], unique=False)
    op.create_table(
        "installation_rollups",
        sa.Column(
            "slot",
            sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("model_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_5m_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_1h_tokens", sa.BigInteger(), nullable=False),
        sa.Column("web_searches", sa.BigInteger(), nullable=False),
        sa.Column("credits_nano", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slot", "model_id", name=op.f("pk_installation_rollups")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "ledger",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("ref_kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("ref_id", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_nano", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "seq", name=op.f("pk_ledger")),
        sa.UniqueConstraint("ref_kind", "ref_id", "workspace_id", "kind", "grant_id", name="uq_ledger_reference"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "model_names",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.LargeBinary(length=200).with_variant(sa.VARBINARY(length=200), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_names")),
        sa.UniqueConstraint("name", name=op.f("uq_model_names_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "price_rates",
        sa.Column("price_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "variant",
            sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("above_input_tokens", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("input_nano", sa.BigInteger(), nullable=False),
        sa.Column("output_nano", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_nano", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_5m_nano", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_1h_nano", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("price_id", "variant", "above_input_tokens", name=op.f("pk_price_rates")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "prices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("origin", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("pattern", sa.String(length=200), nullable=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("web_search_nano", sa.BigInteger(), nullable=False),
        sa.Column("multiplier_numerator", sa.BigInteger(), nullable=False),
        sa.Column("multiplier_denominator", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column(
            "note",
            sa.String(length=500).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=500), "mysql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint("origin", "pattern", "effective_from", "version", name="uq_prices_version"),
        sa.UniqueConstraint("public_id", name=op.f("uq_prices_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.LargeBinary(length=200).with_variant(sa.VARBINARY(length=200), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("workspace_id", "label", name=op.f("uq_projects_workspace_id_label")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("code", sa.LargeBinary(length=64).with_variant(sa.VARBINARY(length=64), "mysql"), nullable=False),
        sa.Column("detail", sa.LargeBinary(length=500).with_variant(sa.VARBINARY(length=500), "mysql"), nullable=False),
        sa.Column(
            "event_id", sa.LargeBinary(length=200).with_variant(sa.VARBINARY(length=200), "mysql"), nullable=False
        ),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("gateway_id", "fingerprint", name="uq_quarantine_gateway_id_fingerprint"),
        sa.UniqueConstraint("public_id", name=op.f("uq_quarantine_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_quarantine_state_id"), "quarantine", ["state", "id"], unique=False)
    op.create_table(
        "rollups",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "slot",
            sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("key_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_5m_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_1h_tokens", sa.BigInteger(), nullable=False),
        sa.Column("web_searches", sa.BigInteger(), nullable=False),
        sa.Column("credits_nano", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace_id", "slot", "key_id", "user_id", "model_id", "project_id", name=op.f("pk_rollups")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "sealed_settlements",
        sa.Column("settlement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("credits_nano", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", "workspace_id", name=op.f("pk_sealed_settlements")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "settlement_lanes",
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_settlement_lanes")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "settlements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("batches", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("events", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("credits_nano", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "unpriced_events",
        sa.Column("event_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_number", name=op.f("pk_unpriced_events")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_unpriced_events_settlement_id_model_id_event_at"),
        "unpriced_events",
        ["settlement_id", "model_id", "event_at"],
        unique=False,
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column(
            "email_sealed", sa.LargeBinary(length=512).with_variant(sa.VARBINARY(length=512), "mysql"), nullable=False
        ),
        sa.Column("email_index", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.Column(
            "name_sealed", sa.LargeBinary(length=512).with_variant(sa.VARBINARY(length=512), "mysql"), nullable=False
        ),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("role", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("email_verified_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_index", name=op.f("uq_users_email_index")),
        sa.UniqueConstraint("public_id", name=op.f("uq_users_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "gateway_tokens",
        sa.Column("digest", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.Column("gateway_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateways.id"], name=op.f("fk_gateway_tokens_gateway_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_gateway_tokens")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_gateway_tokens_gateway_id"), "gateway_tokens", ["gateway_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "network_sealed", sa.LargeBinary(length=512).with_variant(sa.VARBINARY(length=512), "mysql"), nullable=False
        ),
        sa.Column(
            "device_sealed",
            sa.LargeBinary(length=1024).with_variant(sa.VARBINARY(length=1024), "mysql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sessions_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "workspaces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column(
            "name",
            sa.String(length=120).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=120), "mysql"),
            nullable=False,
        ),
        sa.Column("kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("personal_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["personal_user_id"], ["users.id"], name=op.f("fk_workspaces_personal_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("personal_user_id", name=op.f("uq_workspaces_personal_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_workspaces_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_workspaces_name"), "workspaces", ["name"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "name",
            sa.String(length=120).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=120), "mysql"),
            nullable=False,
        ),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_api_keys_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_keys_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_api_keys_user_id"), "api_keys", ["user_id"], unique=False)
    op.create_index(op.f("ix_api_keys_workspace_id_id"), "api_keys", ["workspace_id", "id"], unique=False)
    op.create_table(
        "members",
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_members_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name=op.f("pk_members")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_members_user_id"), "members", ["user_id"], unique=False)
    op.create_table(
        "api_key_secrets",
        sa.Column("digest", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.Column("key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_api_key_secrets_key_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_api_key_secrets")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_api_key_secrets_key_id"), "api_key_secrets", ["key_id"], unique=False)
    op.execute("INSERT INTO settlement_lanes (lane) VALUES (0)")
    refuse_changes("ledger")


def refuse_changes(table: str) -> None:
    """Let the database itself refuse to change or delete what was written."""
    for deed in ("UPDATE", "DELETE"):
        name = f"tr_{table}_refuse_{deed.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            body = f"BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        else:
            body = f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table} is append only'"
        op.execute(f"CREATE TRIGGER {name} BEFORE {deed} ON {table} {body}")


def downgrade() -> None:
    op.drop_table("api_key_secrets")
    op.drop_table("members")
    op.drop_table("api_keys")
    op.drop_table("workspaces")
    op.drop_table("sessions")
    op.drop_table("gateway_tokens")
    op.drop_table("users")
    op.drop_table("unpriced_events")
    op.drop_table("settlements")
    op.drop_table("settlement_lanes")
    op.drop_table("sealed_settlements")
    op.drop_table("rollups")
    op.drop_table("quarantine")
    op.drop_table("projects")
    op.drop_table("prices")
    op.drop_table("price_rates")
    op.drop_table("model_names")
    op.drop_table("ledger")
    op.drop_table("leases")
    op.drop_table("installation_rollups")
    op.drop_table("inbox_batches")
    op.drop_table("idempotency_records")
    op.drop_table("grants")
    op.drop_table("gateways")
    op.drop_table("gateway_activity")
    op.drop_table("events")
    op.drop_table("books_runs")
    op.drop_table("batch_outcomes")
    op.drop_table("balances")
    op.drop_table("audit_log")
    op.drop_table("audit_details")
    op.drop_table("archived_event_keys")
