"""Packages and subscriptions; what grants and balances must know of them.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("balances", sa.Column("overdraft_nano", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "balances", sa.Column("threshold_nano", sa.BigInteger(), server_default="-9000000000000000000", nullable=False)
    )
    op.add_column("grants", sa.Column("renewal_id", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("grants") as grants:
        grants.drop_column("renewal_id")
    with op.batch_alter_table("balances") as balances:
        balances.drop_column("threshold_nano")
        balances.drop_column("overdraft_nano")
