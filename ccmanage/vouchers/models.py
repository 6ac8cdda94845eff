"""Tables of vouchers: batches, codes, redemptions. A code is kept as a keyed digest, never as itself."""

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Count, Digest, PublicId, Tiny, bytes_type, human_text
from ccmanage.core.personal import Erasure, no_personal, personal


class VoucherBatch(Base):
    """Codes that were made together and give the same."""

    __tablename__ = "voucher_batches"
    __personal__ = no_personal("what codes give; who made them stands there as a number")
    __table_args__ = (TABLE,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    name: Mapped[str] = mapped_column(human_text(120))
    amount_nano: Mapped[int] = mapped_column(BigInteger)
    # How long the credits last after a code is redeemed; 0 = for ever.
    lasts_days: Mapped[int] = mapped_column(Count)
    codes: Mapped[int] = mapped_column(Count)
    # How many workspaces may redeem the same code.
    uses: Mapped[int] = mapped_column(Count)
    # 1 = a workspace redeems one code of the batch at most; else each code once.
    once: Mapped[int] = mapped_column(Tiny)
    # 0 = never.
    expires_at: Mapped[int] = mapped_column(BigInteger)
    withdrawn_at: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Voucher(Base):
    """One code."""

    __tablename__ = "vouchers"
    __personal__ = no_personal("digests of codes")
    __table_args__ = (Index(None, "batch_id", "id"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    last_four: Mapped[bytes] = mapped_column(bytes_type(4))
    used: Mapped[int] = mapped_column(Count)


class VoucherRedemption(Base):
    """A code was redeemed. The unique rows make a second time harmless, whoever comes at once."""

    __tablename__ = "voucher_redemptions"
    __personal__ = personal(
        "Vouchers that a person redeemed.",
        person="user_id",
        on_erasure=Erasure.KEEP,
        export="vouchers",
        hidden=("id", "voucher_id", "batch_id", "once_workspace_id", "user_id"),
        kept="as long as the ledger",
    )
    __table_args__ = (
        UniqueConstraint("voucher_id", "workspace_id"),
        # The workspace again where the batch allows it one code, else NULL.
        UniqueConstraint("batch_id", "once_workspace_id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    voucher_id: Mapped[int] = mapped_column(BigInteger)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    once_workspace_id: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    grant_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)
