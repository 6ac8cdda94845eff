"""Tables of second factors, recovery codes and half-finished sign-ins."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, BigId, Count, Digest, PublicId, bytes_type
from ccmanage.core.personal import Erasure, personal


class SecondFactor(Base):
    """A person's authenticator. A new secret waits beside the old one until a code of it was seen."""

    __tablename__ = "second_factors"
    __personal__ = personal(
        "The secret that a person's authenticator shares with us.",
        person="user_id",
        sealed={"secret_sealed": "second_factors.secret", "pending_sealed": "second_factors.pending"},
        on_erasure=Erasure.DELETE,
        unexported="Whoever holds the archive could make the codes.",
        kept="until it is turned off or the account is deleted",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    secret_sealed: Mapped[bytes | None] = mapped_column(bytes_type(256))
    pending_sealed: Mapped[bytes | None] = mapped_column(bytes_type(256))
    # The time step of the last code that was accepted: neither it nor an earlier one is accepted again.
    last_step: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(Count)
    next_attempt_at: Mapped[int] = mapped_column(BigInteger)
    confirmed_at: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """One code for the day the authenticator is lost; only its keyed digest is stored."""

    __tablename__ = "recovery_codes"
    __personal__ = personal(
        "Digests of recovery codes, and when one was used.",
        person="user_id",
        on_erasure=Erasure.DELETE,
        unexported="Nothing but digests.",
        kept="until they are replaced or the account is deleted",
    )

    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    used_at: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class SignInChallenge(Base):
    """A sign-in whose password was right and whose code is still awaited."""

    __tablename__ = "sign_in_challenges"
    __personal__ = personal(
        "Sign-ins between their two steps: whose and when.",
        person="user_id",
        on_erasure=Erasure.DELETE,
        unexported="Gone after a day; finished sign-ins stand under sessions.",
        kept="for a day",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    # What it is bound to: the password of then, and the device that sent it.
    binding: Mapped[bytes] = mapped_column(Digest)
    attempts: Mapped[int] = mapped_column(Count)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    used_at: Mapped[int | None] = mapped_column(BigInteger)
