"""Links in mails, requests of people who are not signed in, known browsers; who exists counts as verified.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def big_id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def digest():
    return sa.LargeBinary(length=32).with_variant(mysql.BINARY(length=32), "mysql")


def tiny():
    return sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql")


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("token_digest", digest(), nullable=False),
        sa.Column("user_id", big_id(), nullable=False),
        sa.Column("purpose", tiny(), nullable=False),
        sa.Column("bound", digest(), nullable=False),
        sa.Column(
            "payload_sealed",
            sa.LargeBinary(length=512).with_variant(mysql.VARBINARY(length=512), "mysql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_proofs_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_proofs_token_digest")),
        **TABLE,
    )
    op.create_index(op.f("ix_proofs_user_id"), "proofs", ["user_id"], unique=False)
    op.create_index(op.f("ix_proofs_expires_at"), "proofs", ["expires_at"], unique=False)
    op.create_table(
        "account_requests",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column(
            "public_id", sa.LargeBinary(length=16).with_variant(mysql.BINARY(length=16), "mysql"), nullable=False
        ),
        sa.Column("kind", tiny(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        sa.Column("tries", tiny(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_requests")),
        sa.UniqueConstraint("public_id", name=op.f("uq_account_requests_public_id")),
        **TABLE,
    )
    op.create_index(op.f("ix_account_requests_user_id"), "account_requests", ["user_id"], unique=False)
    op.create_index(op.f("ix_account_requests_next_attempt_at"), "account_requests", ["next_attempt_at"], unique=False)
    op.create_table(
        "known_browsers",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("user_id", big_id(), nullable=False),
        sa.Column("mark", digest(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_known_browsers_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_browsers")),
        sa.UniqueConstraint("user_id", "mark", name=op.f("uq_known_browsers_user_id_mark")),
        **TABLE,
    )
    op.create_index(op.f("ix_known_browsers_user_id"), "known_browsers", ["user_id"], unique=False)
    op.create_index(op.f("ix_known_browsers_last_seen_at"), "known_browsers", ["last_seen_at"], unique=False)
    # Until now only administrators and the command line made people.
    op.execute("UPDATE users SET email_verified_at = created_at WHERE email_verified_at IS NULL")


def downgrade() -> None:
    op.drop_table("known_browsers")
    op.drop_table("account_requests")
    op.drop_table("proofs")
