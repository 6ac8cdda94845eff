"""Tables of reports: the results of auditing the books."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, BigId, Blob, Tiny
from ccmanage.core.personal import no_personal


class BooksRun(Base):
    """One run of the books' audit and how far it got; the next scheduled run goes on from there."""

    __tablename__ = "books_runs"
    __personal__ = no_personal("results of auditing the books")

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[int] = mapped_column(BigInteger)
    is_full: Mapped[int] = mapped_column(Tiny)
    is_clean: Mapped[int] = mapped_column(Tiny)
    batch_watermark: Mapped[int] = mapped_column(BigInteger)
    settlement_watermark: Mapped[int] = mapped_column(BigInteger)
    report: Mapped[bytes] = mapped_column(Blob)
