"""Exports, erasures and consents.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PUBLIC_ID = sa.LargeBinary(length=16).with_variant(mysql.BINARY(16), "mysql")
_DIGEST = sa.LargeBinary(length=32).with_variant(mysql.BINARY(32), "mysql")
_BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
_TINY = sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql")
_COUNT = sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql")
_OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    op.create_table(
        "data_exports",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("public_id", _PUBLIC_ID, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("active_user_id", sa.BigInteger(), nullable=True),
        sa.Column("state", _TINY, nullable=False),
        sa.Column("done", _COUNT, nullable=False),
        sa.Column("total", _COUNT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("chunks", _COUNT, nullable=False),
        sa.Column("tries", _COUNT, nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
        sa.UniqueConstraint("active_user_id", name=op.f("uq_data_exports_active_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_data_exports_public_id")),
        **_OPTIONS,
    )
    op.create_index(op.f("ix_data_exports_user_id_id"), "data_exports", ["user_id", "id"])
    op.create_index(op.f("ix_data_exports_state_next_attempt_at"), "data_exports", ["state", "next_attempt_at"])
    op.create_table(
        "data_export_chunks",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("public_id", _PUBLIC_ID, nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("number", _COUNT, nullable=False),
        sa.Column("sealed", _BLOB, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_export_chunks")),
        sa.UniqueConstraint("public_id", name=op.f("uq_data_export_chunks_public_id")),
        **_OPTIONS,
    )
    op.create_index(
        op.f("ix_data_export_chunks_export_id_number"), "data_export_chunks", ["export_id", "number"], unique=True
    )
    op.create_table(
        "erasures",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("public_id", _PUBLIC_ID, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("user_public_id", _PUBLIC_ID, nullable=False),
        sa.Column("active_user_id", sa.BigInteger(), nullable=True),
        sa.Column("address_digest", _DIGEST, nullable=False),
        sa.Column("state", _TINY, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", _COUNT, nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("active_user_id", name=op.f("uq_erasures_active_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasures_public_id")),
        **_OPTIONS,
    )
    op.create_index(op.f("ix_erasures_state_due_at"), "erasures", ["state", "due_at"])
    op.create_index(op.f("ix_erasures_user_id_id"), "erasures", ["user_id", "id"])
    op.create_table(
        "consents",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("public_id", _PUBLIC_ID, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("text_version", sa.String(length=32), nullable=False),
        sa.Column("text_sha256", _DIGEST, nullable=False),
        sa.Column("given", _TINY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column(
            "network_sealed", sa.LargeBinary(length=512).with_variant(mysql.VARBINARY(512), "mysql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint("public_id", name=op.f("uq_consents_public_id")),
        **_OPTIONS,
    )
    op.create_index(op.f("ix_consents_user_id_purpose_id"), "consents", ["user_id", "purpose", "id"])


def downgrade() -> None:
    for table in ("consents", "erasures", "data_export_chunks", "data_exports"):
        op.drop_table(table)
