"""Leases: rows that keep a duty to one process at a time. The database frees nobody too early or for ever."""

from sqlalchemy import BigInteger, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ccmanage.core.db import Base
from ccmanage.core.personal import no_personal


class Lease(Base):
    """Who holds a duty until when."""

    __tablename__ = "leases"
    __personal__ = no_personal("which process holds a duty")

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[int] = mapped_column(BigInteger)


def take_lease(session: Session, name: str, holder: str, *, now_ms: int, length_ms: int) -> bool:
    """Take or renew a lease; False while another holder's has not run out."""
    changed = session.execute(
        update(Lease)
        .where(Lease.name == name, (Lease.holder == holder) | (Lease.expires_at <= now_ms))
        .values(holder=holder, expires_at=now_ms + length_ms)
    )
    if changed.rowcount:  # type: ignore[attr-defined]
        return True
    if session.scalar(select(Lease.name).where(Lease.name == name)) is not None:
        return False
    session.add(Lease(name=name, holder=holder, expires_at=now_ms + length_ms))
    session.flush()
    return True


def drop_lease(session: Session, name: str, holder: str) -> None:
    """Give a lease back, if it is still one's own."""
    session.execute(update(Lease).where(Lease.name == name, Lease.holder == holder).values(expires_at=0))
