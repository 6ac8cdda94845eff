"""Tables of people and their sessions."""

from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, BigId, Count, Digest, PublicId, Tiny, bytes_type
from ccmanage.core.personal import Erasure, personal


class Role(IntEnum):
    """What a person may do in the installation."""

    USER = 0
    ADMIN = 1


class UserState(IntEnum):
    """Whether a person may sign in."""

    ACTIVE = 0
    SUSPENDED = 1
    # The person is gone; the row is a number that the books name.
    ERASED = 2


class SessionMethod(IntEnum):
    """How a person proved who they are."""

    PASSWORD = 0
    FACTOR = 1
    PROVIDER = 2
    PROVIDER_FACTOR = 3

    @property
    def is_strong(self) -> bool:
        """Tell whether a second factor was part of the proof."""
        return self in {SessionMethod.FACTOR, SessionMethod.PROVIDER_FACTOR}


class User(Base):
    """A person who signs in. Mail address and name are encrypted; the address is found by a blind index."""

    __tablename__ = "users"
    __personal__ = personal(
        "Who somebody is: mail address, name, hash of the password, language, zone.",
        person="id",
        sealed={"email_sealed": "users.email", "name_sealed": "users.name"},
        index={"email_index": ("email_sealed", "users.email"), "domain_index": ("email_sealed", "users.domain")},
        on_erasure=Erasure.OWN,
        export="profile",
        hidden=("id", "email_index", "domain_index", "password_hash", "revision"),
        kept="until the account is deleted",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    email_sealed: Mapped[bytes] = mapped_column(bytes_type(512))
    email_index: Mapped[bytes] = mapped_column(Digest, unique=True)
    # By which the people of a domain are found; null until a worker has filled it in.
    domain_index: Mapped[bytes | None] = mapped_column(Digest, index=True)
    name_sealed: Mapped[bytes] = mapped_column(bytes_type(512))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[int] = mapped_column(Tiny)
    state: Mapped[int] = mapped_column(Tiny)
    locale: Mapped[str] = mapped_column(String(8))
    time_zone: Mapped[str] = mapped_column(String(64))
    email_verified_at: Mapped[int | None] = mapped_column(BigInteger)
    factor_required: Mapped[int] = mapped_column(Tiny, default=0, server_default="0")
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    # Counts what administrators change, so that two of them do not undo each other.
    revision: Mapped[int] = mapped_column(Count, default=1, server_default="1")


class UserSession(Base):
    """One sign-in. Its public id is the token's `jti`; ending the row ends the token."""

    __tablename__ = "sessions"
    __personal__ = personal(
        "Sign-ins: when, from which network and device.",
        person="user_id",
        sealed={"network_sealed": "sessions.network", "device_sealed": "sessions.device"},
        on_erasure=Erasure.DELETE,
        export="sessions",
        hidden=("id", "user_id", "viewer_user_id", "viewer_session_id"),
        kept="retention.sign_ins_days",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    network_sealed: Mapped[bytes] = mapped_column(bytes_type(512))
    device_sealed: Mapped[bytes] = mapped_column(bytes_type(1024))
    method: Mapped[int] = mapped_column(Tiny, default=0, server_default="0")
    # When the person last proved who they are on this session; dangerous deeds want that to be recent.
    stepped_up_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[int] = mapped_column(BigInteger)
    last_seen_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    # Where an administrator looks at the portal as this person: who, and by which session of theirs; else 0.
    viewer_user_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    viewer_session_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", index=True)
