"""Vouchers, and requests for credits.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voucher_batches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column(
            "name",
            sa.String(length=120).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=120), "mysql"),
            nullable=False,
        ),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("lasts_days", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("codes", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("uses", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("once", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_batches")),
        sa.UniqueConstraint("public_id", name=op.f("uq_voucher_batches_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "vouchers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32).with_variant(mysql.BINARY(length=32), "mysql"), nullable=False),
        sa.Column(
            "last_four", sa.LargeBinary(length=4).with_variant(mysql.VARBINARY(length=4), "mysql"), nullable=False
        ),
        sa.Column("used", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("digest", name=op.f("uq_vouchers_digest")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_vouchers_batch_id_id"), "vouchers", ["batch_id", "id"], unique=False)
    op.create_table(
        "voucher_redemptions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("voucher_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("once_workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_redemptions")),
        sa.UniqueConstraint("voucher_id", "workspace_id", name=op.f("uq_voucher_redemptions_voucher_id_workspace_id")),
        sa.UniqueConstraint(
            "batch_id", "once_workspace_id", name=op.f("uq_voucher_redemptions_batch_id_once_workspace_id")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_voucher_redemptions_user_id"), "voucher_redemptions", ["user_id"], unique=False)
    _requests()


def _requests() -> None:
    words = sa.String(length=500).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=500), "mysql")
    op.create_table(
        "credit_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("open_workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_nano", sa.BigInteger(), nullable=False),
        sa.Column("reason", words, nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("granted_nano", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("note", words, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_requests")),
        sa.UniqueConstraint("open_workspace_id", name=op.f("uq_credit_requests_open_workspace_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_credit_requests_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_credit_requests_state_id"), "credit_requests", ["state", "id"], unique=False)
    op.create_index(op.f("ix_credit_requests_user_id"), "credit_requests", ["user_id"], unique=False)
    op.create_index(op.f("ix_credit_requests_workspace_id_id"), "credit_requests", ["workspace_id", "id"], unique=False)


def downgrade() -> None:
    for table in ("credit_requests", "voucher_redemptions", "vouchers", "voucher_batches"):
        op.drop_table(table)
