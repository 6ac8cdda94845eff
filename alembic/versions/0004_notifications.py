"""Notifications: thresholds, alerts, what happened, lists, webhooks.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = (
    "alert_thresholds",
    "alerts",
    "happenings",
    "notification_episodes",
    "notification_preferences",
    "notifications",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_secrets",
    "webhooks",
)


def upgrade() -> None:
    op.create_table(
        "alert_thresholds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("armed", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("by_mail", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("by_webhook", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("zone", sa.LargeBinary(length=64).with_variant(sa.VARBINARY(length=64), "mysql"), nullable=False),
        sa.Column("fired_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_thresholds")),
        sa.UniqueConstraint("public_id", name=op.f("uq_alert_thresholds_public_id")),
        sa.UniqueConstraint("workspace_id", "user_id", "kind", "value", name="uq_alert_thresholds_meaning"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_alert_thresholds_kind_id"), "alert_thresholds", ["kind", "id"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("threshold_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("found_nano", sa.BigInteger(), nullable=False),
        sa.Column("runs_out_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_alerts_public_id")),
        sa.UniqueConstraint(
            "workspace_id", "threshold_id", "period", name=op.f("uq_alerts_workspace_id_threshold_id_period")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_alerts_state_id"), "alerts", ["state", "id"], unique=False)
    op.create_index(op.f("ix_alerts_workspace_id_id"), "alerts", ["workspace_id", "id"], unique=False)
    op.create_table(
        "happenings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.LargeBinary(length=64).with_variant(sa.VARBINARY(length=64), "mysql"), nullable=False),
        sa.Column("dedupe", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("by_mail", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("by_webhook", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("data", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_happenings")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_happenings_dedupe")),
        sa.UniqueConstraint("public_id", name=op.f("uq_happenings_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_happenings_at"), "happenings", ["at"], unique=False)
    op.create_index(op.f("ix_happenings_state_id"), "happenings", ["state", "id"], unique=False)
    op.create_table(
        "notification_episodes",
        sa.Column("name", sa.LargeBinary(length=100).with_variant(sa.VARBINARY(length=100), "mysql"), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notification_episodes")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "notification_preferences",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mails", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("quiet_from", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("quiet_to", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("digest", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("digest_at", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_preferences")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("happening_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("mail_state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("mail_due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notifications_public_id")),
        sa.UniqueConstraint("user_id", "happening_id", name=op.f("uq_notifications_user_id_happening_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_notifications_happening_id"), "notifications", ["happening_id"], unique=False)
    op.create_index(
        op.f("ix_notifications_mail_state_mail_due_at"), "notifications", ["mail_state", "mail_due_at"], unique=False
    )
    op.create_index(
        op.f("ix_notifications_user_id_read_at_id"), "notifications", ["user_id", "read_at", "id"], unique=False
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", sa.LargeBinary(length=64).with_variant(sa.VARBINARY(length=64), "mysql"), nullable=False),
        sa.Column(
            "excerpt", sa.LargeBinary(length=1024).with_variant(sa.VARBINARY(length=1024), "mysql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_webhook_attempts_at"), "webhook_attempts", ["at"], unique=False)
    op.create_index(op.f("ix_webhook_attempts_delivery_id_id"), "webhook_attempts", ["delivery_id", "id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("happening_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("tries", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=False),
        sa.Column(
            "last_code", sa.LargeBinary(length=64).with_variant(sa.VARBINARY(length=64), "mysql"), nullable=False
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_deliveries_public_id")),
        sa.UniqueConstraint("webhook_id", "happening_id", name=op.f("uq_webhook_deliveries_webhook_id_happening_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_webhook_deliveries_happening_id"), "webhook_deliveries", ["happening_id"], unique=False)
    op.create_index(
        op.f("ix_webhook_deliveries_state_next_attempt_at"),
        "webhook_deliveries",
        ["state", "next_attempt_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_webhook_deliveries_webhook_id_id"), "webhook_deliveries", ["webhook_id", "id"], unique=False
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "secret_sealed", sa.LargeBinary(length=255).with_variant(sa.VARBINARY(length=255), "mysql"), nullable=False
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secrets")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_secrets_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_webhook_secrets_webhook_id_id"), "webhook_secrets", ["webhook_id", "id"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "name",
            sa.String(length=120).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=120), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "url_sealed", sa.LargeBinary(length=4096).with_variant(sa.VARBINARY(length=4096), "mysql"), nullable=False
        ),
        sa.Column(
            "kinds", sa.LargeBinary(length=1000).with_variant(sa.VARBINARY(length=1000), "mysql"), nullable=False
        ),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=False),
        sa.Column("succeeded_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhooks_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_webhooks_workspace_id_id"), "webhooks", ["workspace_id", "id"], unique=False)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
