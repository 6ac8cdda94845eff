"""People are found by domain and changed by one administrator at a time; an administrator may look as somebody.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COUNT = sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql")
_DIGEST = sa.LargeBinary(length=32).with_variant(sa.BINARY(length=32), "mysql")


def upgrade() -> None:
    op.add_column("users", sa.Column("domain_index", _DIGEST, nullable=True))
    op.add_column("users", sa.Column("revision", _COUNT, server_default="1", nullable=False))
    op.create_index(op.f("ix_users_domain_index"), "users", ["domain_index"], unique=False)
    for name in ("viewer_user_id", "viewer_session_id"):
        op.add_column("sessions", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(op.f("ix_sessions_viewer_session_id"), "sessions", ["viewer_session_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_sessions_viewer_session_id"), table_name="sessions")
    for name in ("viewer_session_id", "viewer_user_id"):
        op.drop_column("sessions", name)
    op.drop_index(op.f("ix_users_domain_index"), table_name="users")
    op.drop_column("users", "revision")
    op.drop_column("users", "domain_index")
