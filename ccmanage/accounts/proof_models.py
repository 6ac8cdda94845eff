"""Tables of what people prove by mail, of what they asked for without signing in, and of the browsers they use."""

from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Digest, PublicId, Tiny, bytes_type
from ccmanage.core.personal import Erasure, personal


class Purpose(IntEnum):
    """What the holder of a token may do with it, once."""

    VERIFY = 0
    RESET = 1
    CHANGE_ADDRESS = 2
    UNDO_ADDRESS = 3
    INVITED = 4


class RequestKind(IntEnum):
    """What somebody asked for. It is answered at once and done by a worker, so that no time tells who exists."""

    REGISTER = 0
    FORGOT = 1
    CHANGE_ADDRESS = 2


class Proof(Base):
    """A link in a mail. Only the keyed digest of its token is stored; `bound` makes it die with what it rests on."""

    __tablename__ = "proofs"
    __personal__ = personal(
        "Links that were sent by mail, and the address that one would change to.",
        person="user_id",
        sealed={"payload_sealed": "proofs.payload"},
        row="token_digest",
        on_erasure=Erasure.DELETE,
        unexported="links that let somebody in, deleted a month after they ran out",
        kept="a month after they ran out",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    token_digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[int] = mapped_column(Tiny)
    bound: Mapped[bytes] = mapped_column(Digest)
    payload_sealed: Mapped[bytes] = mapped_column(bytes_type(512))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class AccountRequest(Base):
    """Something that a worker will do within a second. The row is deleted when it is done."""

    __tablename__ = "account_requests"
    __personal__ = personal(
        "Registrations and forgotten passwords on their way: address, name, hash of the password.",
        person="user_id",
        sealed={"sealed": "account_requests.sealed"},
        on_erasure=Erasure.DELETE,
        unexported="done and deleted within seconds",
        kept="until it is done, an hour at most",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    kind: Mapped[int] = mapped_column(Tiny)
    # 0 = somebody who is not signed in.
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    sealed: Mapped[bytes] = mapped_column(Blob)
    tries: Mapped[int] = mapped_column(Tiny)
    next_attempt_at: Mapped[int] = mapped_column(BigInteger, index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)


class KnownBrowser(Base):
    """A browser, or a program in a network, from which a person has signed in before."""

    __tablename__ = "known_browsers"
    __table_args__ = (UniqueConstraint("user_id", "mark"), TABLE)
    __personal__ = personal(
        "Which browsers somebody has signed in with, as keyed digests.",
        person="user_id",
        on_erasure=Erasure.DELETE,
        unexported="digests that say nothing to a reader; the sign-ins themselves are exported",
        kept="400 days after they were last used",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    mark: Mapped[bytes] = mapped_column(Digest)
    created_at: Mapped[int] = mapped_column(BigInteger)
    last_seen_at: Mapped[int] = mapped_column(BigInteger, index=True)
