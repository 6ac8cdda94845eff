"""Limits of keys, holds of credits.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INSTANTS = ("life_ms", "first_used_at", "disabled_at")


def upgrade() -> None:
    for name in _INSTANTS:
        op.add_column("api_keys", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "api_keys",
        sa.Column(
            "disabled_cause",
            sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"),
            server_default="0",
            nullable=False,
        ),
    )
    op.create_table(
        "key_limits",
        sa.Column("key_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("limits", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        sa.Column("ranges_sealed", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_limits")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql"), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("available_before_nano", sa.BigInteger(), nullable=False),
        sa.Column("held_before_nano", sa.BigInteger(), nullable=False),
        sa.Column("overdraft_nano", sa.BigInteger(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("request_key", sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint("public_id", name=op.f("uq_holds_public_id")),
        sa.UniqueConstraint("request_key", name=op.f("uq_holds_request_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_holds_workspace_id_state_expires_at"), "holds", ["workspace_id", "state", "expires_at"], unique=False
    )
    op.create_index(op.f("ix_holds_state_expires_at"), "holds", ["state", "expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("holds")
    op.drop_table("key_limits")
    with op.batch_alter_table("api_keys") as keys:
        keys.drop_column("disabled_cause")
        for name in reversed(_INSTANTS):
            keys.drop_column(name)
