"""Run-time settings; mail: the outbox, who gets nothing, edited templates.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PUBLIC_ID = sa.LargeBinary(length=16).with_variant(sa.BINARY(length=16), "mysql")
_DIGEST = sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql")
_TINY = sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql")
_COUNT = sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql")
_BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
_TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def _bytes(length: int) -> sa.types.TypeEngine:
    return sa.LargeBinary(length=length).with_variant(sa.VARBINARY(length=length), "mysql")


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", _BLOB, nullable=False),
        sa.Column("revision", _COUNT, nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
        **_TABLE,
    )
    op.create_table(
        "emails",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("public_id", _PUBLIC_ID, nullable=False),
        sa.Column("dedupe_key", _bytes(190), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("template_version", _COUNT, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("address_sealed", _bytes(512), nullable=False),
        sa.Column("address_index", _DIGEST, nullable=False),
        sa.Column("values_sealed", _BLOB, nullable=False),
        sa.Column("message_id", sa.String(length=160), nullable=False),
        sa.Column("state", _TINY, nullable=False),
        sa.Column("tries", _COUNT, nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=False),
        sa.Column("error_sealed", _bytes(1024), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emails")),
        sa.UniqueConstraint("public_id", name=op.f("uq_emails_public_id")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_emails_dedupe_key")),
        **_TABLE,
    )
    op.create_index(op.f("ix_emails_state_next_attempt_at"), "emails", ["state", "next_attempt_at"], unique=False)
    op.create_index(op.f("ix_emails_template_id"), "emails", ["template", "id"], unique=False)
    op.create_index(op.f("ix_emails_address_index_id"), "emails", ["address_index", "id"], unique=False)
    op.create_index(op.f("ix_emails_user_id_id"), "emails", ["user_id", "id"], unique=False)
    op.create_index(op.f("ix_emails_created_at"), "emails", ["created_at"], unique=False)
    op.create_table(
        "email_suppressions",
        sa.Column("address_index", _DIGEST, nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=False),
        sa.Column("email_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address_index", name=op.f("pk_email_suppressions")),
        **_TABLE,
    )
    op.create_table(
        "email_opt_outs",
        sa.Column("address_index", _DIGEST, nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address_index", "template", name=op.f("pk_email_opt_outs")),
        **_TABLE,
    )
    op.create_table(
        "email_template_versions",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("source", _BLOB, nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("broken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_template_versions")),
        sa.UniqueConstraint(
            "template", "language", "version", name=op.f("uq_email_template_versions_template_language_version")
        ),
        **_TABLE,
    )


def downgrade() -> None:
    for table in ("email_template_versions", "email_opt_outs", "email_suppressions", "emails", "settings"):
        op.drop_table(table)
