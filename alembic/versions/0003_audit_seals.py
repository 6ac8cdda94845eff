"""The audit log is sealed into a chain, found by subject, request and time, and tells whom somebody looked as.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PUBLIC_ID = sa.LargeBinary(length=16).with_variant(mysql.BINARY(16), "mysql")
_DIGEST = sa.LargeBinary(length=32).with_variant(mysql.BINARY(32), "mysql")
_INDEXES = (("subject_id", "id"), ("request_id", "id"), ("at", "id"), ("seal_id", "id"))


def upgrade() -> None:
    op.add_column("audit_log", sa.Column("as_user_id", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("audit_log", sa.Column("seal_id", sa.BigInteger(), server_default="0", nullable=False))
    for columns in _INDEXES:
        op.create_index(op.f(f"ix_audit_log_{'_'.join(columns)}"), "audit_log", list(columns), unique=False)
    op.add_column("audit_details", sa.Column("public_id", _PUBLIC_ID, nullable=True))
    op.execute(
        "UPDATE audit_details SET public_id = "
        "(SELECT public_id FROM audit_log WHERE audit_log.id = audit_details.entry_id)"
    )
    with op.batch_alter_table("audit_details") as details:
        details.alter_column("public_id", existing_type=_PUBLIC_ID, nullable=False)
    op.create_table(
        "audit_seals",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", _DIGEST, nullable=False),
        sa.Column("hash", _DIGEST, nullable=False),
        sa.Column("cut_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_audit_seals_last_at"), "audit_seals", ["last_at"], unique=False)


def downgrade() -> None:
    op.drop_table("audit_seals")
    with op.batch_alter_table("audit_details") as details:
        details.drop_column("public_id")
    for columns in _INDEXES:
        op.drop_index(op.f(f"ix_audit_log_{'_'.join(columns)}"), table_name="audit_log")
    with op.batch_alter_table("audit_log") as log:
        log.drop_column("seal_id")
        log.drop_column("as_user_id")
