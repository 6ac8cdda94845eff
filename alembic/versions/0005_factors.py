"""Second factors, recovery codes, two-step sign-ins, access tokens, identities at a provider.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", tiny("factor_required", server_default="0"))
    op.add_column("sessions", tiny("method", server_default="0"))
    op.add_column("sessions", sa.Column("stepped_up_at", sa.BigInteger(), server_default="0", nullable=False))
    _factors()
    _tokens()


def _factors() -> None:
    table(
        "second_factors",
        number(),
        fixed("public_id", 16),
        owner(),
        sa.Column("secret_sealed", varbinary(256), nullable=True),
        sa.Column("pending_sealed", varbinary(256), nullable=True),
        big("last_step"),
        count("failures"),
        big("next_attempt_at"),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        big("created_at"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_second_factors_public_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_second_factors_user_id")),
    )
    table(
        "recovery_codes",
        fixed("digest", 32),
        owner(),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        big("created_at"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        key="digest",
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
    table(
        "sign_in_challenges",
        number(),
        fixed("public_id", 16),
        owner(),
        fixed("binding", 32),
        count("attempts"),
        big("created_at"),
        big("expires_at"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_in_challenges_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sign_in_challenges_public_id")),
    )
    op.create_index(op.f("ix_sign_in_challenges_user_id"), "sign_in_challenges", ["user_id"], unique=False)
    op.create_index(op.f("ix_sign_in_challenges_expires_at"), "sign_in_challenges", ["expires_at"], unique=False)


def _tokens() -> None:
    table(
        "access_tokens",
        number(),
        fixed("public_id", 16),
        owner(),
        sa.Column(
            "name",
            sa.String(length=120).with_variant(mysql.VARCHAR(collation="utf8mb4_unicode_ci", length=120), "mysql"),
            nullable=False,
        ),
        fixed("digest", 32),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        count("scopes"),
        big("created_at"),
        big("expires_at"),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_tokens_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_access_tokens_public_id")),
        sa.UniqueConstraint("digest", name=op.f("uq_access_tokens_digest")),
    )
    op.create_index(op.f("ix_access_tokens_user_id"), "access_tokens", ["user_id"], unique=False)
    table(
        "provider_identities",
        number(),
        fixed("public_id", 16),
        owner(),
        fixed("subject_index", 32),
        sa.Column("subject_sealed", varbinary(1024), nullable=False),
        big("created_at"),
        big("last_used_at"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_provider_identities_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_provider_identities_public_id")),
        sa.UniqueConstraint("subject_index", name=op.f("uq_provider_identities_subject_index")),
    )
    op.create_index(op.f("ix_provider_identities_user_id"), "provider_identities", ["user_id"], unique=False)


def table(name: str, *parts: sa.schema.SchemaItem, key: str = "id") -> None:
    """Create a table as all of ours are."""
    op.create_table(
        name,
        *parts,
        sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{name}")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )


def number() -> sa.Column[int]:
    """Return the inside number of a row."""
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)


def owner() -> sa.Column[int]:
    """Return the column of the person whose row it is."""
    return sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def fixed(name: str, length: int) -> sa.Column[bytes]:
    """Return a column of so many bytes."""
    kind = sa.LargeBinary(length=length).with_variant(sa.BINARY(length=length), "mysql")
    return sa.Column(name, kind, nullable=False)


def varbinary(length: int) -> sa.types.TypeEngine[bytes]:
    """Return the type of up to so many bytes."""
    return sa.LargeBinary(length=length).with_variant(sa.VARBINARY(length=length), "mysql")


def big(name: str) -> sa.Column[int]:
    """Return a column of an instant or a number."""
    return sa.Column(name, sa.BigInteger(), nullable=False)


def count(name: str) -> sa.Column[int]:
    """Return a column of a count."""
    return sa.Column(name, sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql"), nullable=False)


def tiny(name: str, *, server_default: str) -> sa.Column[int]:
    """Return a column of a small number."""
    kind = sa.Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql")
    return sa.Column(name, kind, server_default=server_default, nullable=False)


def downgrade() -> None:
    for name in ("provider_identities", "access_tokens", "sign_in_challenges", "recovery_codes", "second_factors"):
        op.drop_table(name)
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("stepped_up_at")
        sessions.drop_column("method")
    with op.batch_alter_table("users") as users:
        users.drop_column("factor_required")
