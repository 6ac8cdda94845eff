"""How far retention has come; quarantined events by when they were last seen; answers that are kept encrypted.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_marks",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_retention_marks")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_quarantine_last_seen_at"), "quarantine", ["last_seen_at"], unique=False)
    # They lay there in the clear, for a day. Without it a repeated request is told that it was done.
    op.execute("UPDATE idempotency_records SET body = NULL")


def downgrade() -> None:
    op.drop_index(op.f("ix_quarantine_last_seen_at"), table_name="quarantine")
    op.drop_table("retention_marks")
