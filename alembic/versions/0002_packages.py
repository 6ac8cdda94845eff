"""Packages and subscriptions; what grants and balances must know of them.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("balances", sa.Column("overdraft_nano", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "balances", sa.Column("threshold_nano", sa.BigInteger(), server_default="-9000000000000000000", nullable=False)
    )
    op.add_column("grants", sa.Column("renewal_id", sa.BigInteger(), server_default="0", nullable=False))

    op.create_table(
        "packages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column(
            "name",
            sa.String(length=120).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=120), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "description",
            sa.String(length=500).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=500), "mysql"),
            nullable=False,
        ),
        sa.Column("listed", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("current_version_id", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
        sa.UniqueConstraint("public_id", name=op.f("uq_packages_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "renewals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("allowance_nano", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewals")),
        sa.UniqueConstraint("subscription_id", "start_at", name=op.f("uq_renewals_subscription_id_start_at")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_renewals_workspace_id_id"), "renewals", ["workspace_id", "id"], unique=False)
    op.create_table(
        "subscription_previews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("timing", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("target_version_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("renewal_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("spent_nano", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_previews")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscription_previews_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_subscription_previews_created_at"), "subscription_previews", ["created_at"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("live_workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("pending_version_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("anchor_at", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.LargeBinary(length=64).with_variant(sa.VARBINARY(length=64), "mysql"), nullable=False),
        sa.Column("period_start_at", sa.BigInteger(), nullable=False),
        sa.Column("period_end_at", sa.BigInteger(), nullable=False),
        sa.Column("renewal_id", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("cancels", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("error", sa.LargeBinary(length=500).with_variant(sa.VARBINARY(length=500), "mysql"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("live_workspace_id", name=op.f("uq_subscriptions_live_workspace_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscriptions_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_subscriptions_next_attempt_at_workspace_id"),
        "subscriptions",
        ["next_attempt_at", "workspace_id"],
        unique=False,
    )
    op.create_index(op.f("ix_subscriptions_version_id_state"), "subscriptions", ["version_id", "state"], unique=False)
    op.create_index(op.f("ix_subscriptions_workspace_id_id"), "subscriptions", ["workspace_id", "id"], unique=False)
    op.create_table(
        "package_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("package_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("allowance_nano", sa.BigInteger(), nullable=False),
        sa.Column("period_kind", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("period_count", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("rollover_percent", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("rollover_cap_nano", sa.BigInteger(), nullable=False),
        sa.Column(
            "rollover_max_periods", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False
        ),
        sa.Column("overdraft_nano", sa.BigInteger(), nullable=False),
        sa.Column(
            "overdraft_forgiven", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False
        ),
        sa.Column("trial_days", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("trial_allowance_nano", sa.BigInteger(), nullable=False),
        sa.Column("price_nano", sa.BigInteger(), nullable=False),
        sa.Column(
            "price_currency", sa.LargeBinary(length=3).with_variant(sa.VARBINARY(length=3), "mysql"), nullable=False
        ),
        sa.Column("fail_open", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("key_limits", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_package_versions_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_versions")),
        sa.UniqueConstraint("package_id", "version", name=op.f("uq_package_versions_package_id_version")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_grants_renewal_id"), "grants", ["renewal_id"], unique=False)
    refuse_changes("renewals")


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
    for table in ("package_versions", "packages", "renewals", "subscription_previews", "subscriptions"):
        op.drop_table(table)
    op.drop_index(op.f("ix_grants_renewal_id"), table_name="grants")
    with op.batch_alter_table("grants") as grants:
        grants.drop_column("renewal_id")
    with op.batch_alter_table("balances") as balances:
        balances.drop_column("threshold_nano")
        balances.drop_column("overdraft_nano")
