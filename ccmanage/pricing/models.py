"""Tables of the price book. Rows are written once: a correction is a row with a higher version."""

from enum import IntEnum

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Count, PublicId, Tiny, human_text
from ccmanage.core.personal import no_personal


class Variant(IntEnum):
    """Which calls a row of rates is for."""

    STANDARD = 0
    BATCH = 1
    FAST = 2


class PriceRow(Base):
    """What the models of a pattern cost from an instant on; the rates stand in `price_rates`."""

    __tablename__ = "prices"
    __personal__ = no_personal("the price book")
    __table_args__ = (
        UniqueConstraint("origin", "pattern", "effective_from", "version", name="uq_prices_version"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    origin: Mapped[int] = mapped_column(Tiny)
    pattern: Mapped[str] = mapped_column(String(200))
    effective_from: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Count)
    web_search_nano: Mapped[int] = mapped_column(BigInteger)
    multiplier_numerator: Mapped[int] = mapped_column(BigInteger)
    multiplier_denominator: Mapped[int] = mapped_column(BigInteger)
    withdrawn: Mapped[int] = mapped_column(Tiny)
    note: Mapped[str] = mapped_column(human_text(500))
    created_at: Mapped[int] = mapped_column(BigInteger)


class PriceRate(Base):
    """Nano-credits per million tokens, for calls of a variant with more than so much input."""

    __tablename__ = "price_rates"
    __personal__ = no_personal("the price book")

    price_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    variant: Mapped[int] = mapped_column(Tiny, primary_key=True, autoincrement=False)
    # 0 = the base rates.
    above_input_tokens: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    input_nano: Mapped[int] = mapped_column(BigInteger)
    output_nano: Mapped[int] = mapped_column(BigInteger)
    cache_read_nano: Mapped[int] = mapped_column(BigInteger)
    cache_write_5m_nano: Mapped[int] = mapped_column(BigInteger)
    cache_write_1h_nano: Mapped[int] = mapped_column(BigInteger)
