"""Workspaces that are closed, invitations into them, and versions of what two people may edit at once.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COUNT = sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql")
_TINY = sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql")
_DIGEST = sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql")


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("revision", _COUNT, server_default="1", nullable=False))
    op.add_column("workspaces", sa.Column("closed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "email_sealed", sa.LargeBinary(length=512).with_variant(sa.VARBINARY(length=512), "mysql"), nullable=False
        ),
        sa.Column("email_index", _DIGEST, nullable=False),
        sa.Column("open_mark", _TINY, nullable=True),
        sa.Column("token_digest", _DIGEST, nullable=False),
        sa.Column("role", _TINY, nullable=False),
        sa.Column("state", _TINY, nullable=False),
        sa.Column("invited_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mails", _COUNT, nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_invitations_workspace_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name=op.f("fk_invitations_invited_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invitations_public_id")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_invitations_token_digest")),
        sa.UniqueConstraint(
            "workspace_id",
            "email_index",
            "open_mark",
            name=op.f("uq_invitations_workspace_id_email_index_open_mark"),
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_invitations_workspace_id_id"), "invitations", ["workspace_id", "id"], unique=False)
    op.create_index(op.f("ix_invitations_email_index"), "invitations", ["email_index"], unique=False)
    op.create_index(op.f("ix_invitations_expires_at"), "invitations", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("invitations")
    op.drop_column("workspaces", "closed_at")
    op.drop_column("workspaces", "revision")
