"""Moves of subscribers in the background.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TINY = sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql")
_NUMBERS = ("after_id", "last_id", "total", "moved", "skipped", "failed", "created_by", "created_at", "ended_at")


def upgrade() -> None:
    op.create_table(
        "subscriber_moves",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("running_package_id", sa.BigInteger(), nullable=True),
        sa.Column("from_version", sa.BigInteger(), nullable=False),
        sa.Column("target_version_id", sa.BigInteger(), nullable=False),
        sa.Column("timing", _TINY, nullable=False),
        sa.Column("state", _TINY, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _NUMBERS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber_moves")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscriber_moves_public_id")),
        sa.UniqueConstraint("running_package_id", name=op.f("uq_subscriber_moves_running_package_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_subscriber_moves_package_id_id"), "subscriber_moves", ["package_id", "id"], unique=False)
    op.create_index(op.f("ix_subscriber_moves_state"), "subscriber_moves", ["state"], unique=False)


def downgrade() -> None:
    op.drop_table("subscriber_moves")
