"""Tables of gateways and their tokens."""

from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, BigId, Digest, PublicId, Tiny, human_text
from ccmanage.core.personal import no_personal


class GatewayState(IntEnum):
    """Whether a gateway may speak."""

    ACTIVE = 0
    REVOKED = 1


class Gateway(Base):
    """A machine that verifies keys and posts usage. `scopes` is a comma-separated list."""

    __tablename__ = "gateways"
    __personal__ = no_personal("machines")

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    name: Mapped[str] = mapped_column(human_text(120))
    state: Mapped[int] = mapped_column(Tiny)
    scopes: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)


class GatewayToken(Base):
    """One token of a gateway, found by its digest; after a rotation the old one runs out."""

    __tablename__ = "gateway_tokens"
    __personal__ = no_personal("digests of the tokens of machines")

    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateways.id"), index=True)
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
