"""Tables of API keys and their secrets."""

from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Digest, PublicId, Tiny, human_text
from ccmanage.core.personal import Erasure, no_personal, personal


class KeyState(IntEnum):
    """Whether a key may be used."""

    ACTIVE = 0
    REVOKED = 1


class DisabledCause(IntEnum):
    """Why a key rests; unlike a revoked one it can be enabled again."""

    NONE = 0
    BY_HAND = 1
    PLAN = 2


class ApiKey(Base):
    """A key of a workspace, made by a person. Its secrets stand apart, so that it can be rotated."""

    __tablename__ = "api_keys"
    __personal__ = personal(
        "API keys that a person made, and what they called them.",
        person="user_id",
        plain=("name",),
        on_erasure=Erasure.BLANK,
        export="keys",
        hidden=("id", "workspace_id", "user_id"),
        kept="as long as the usage that was charged by them",
    )
    __table_args__ = (Index(None, "workspace_id", "id"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(human_text(120))
    state: Mapped[int] = mapped_column(Tiny)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    last_used_at: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    # How long it lives from its first use on; 0 = no such end. The first use writes `expires_at`.
    life_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # 0 = never used yet, as far as a life from the first use is concerned.
    first_used_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # 0 = not disabled.
    disabled_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    disabled_cause: Mapped[int] = mapped_column(Tiny, default=0, server_default="0")


class OwnLimitsRow(Base):
    """What a key's own limits are; a key without a row has those of the package only."""

    __tablename__ = "key_limits"
    # Ranges of addresses may be somebody's at home.
    __personal__ = no_personal("limits of keys", sealed={"ranges_sealed": "keys.ranges"}, row="key_id")

    key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    limits: Mapped[bytes] = mapped_column(Blob)
    # From where the key may be used, encrypted; NULL = from everywhere.
    ranges_sealed: Mapped[bytes | None] = mapped_column(Blob)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class ApiKeySecret(Base):
    """One secret of a key, found by its digest; after a rotation the old one runs out."""

    __tablename__ = "api_key_secrets"
    __personal__ = no_personal("digests of secrets, so that usage in flight finds its key")

    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(12))
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
