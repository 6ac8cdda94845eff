"""The table of personal access tokens."""

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, BigId, Count, Digest, PublicId, human_text
from ccmanage.core.personal import Erasure, personal


class AccessToken(Base):
    """A token with which a person's script acts for them, within scopes, until a day."""

    __tablename__ = "access_tokens"
    __personal__ = personal(
        "Tokens of a person's scripts: names, scopes, when they were used.",
        person="user_id",
        plain=("name",),
        on_erasure=Erasure.DELETE,
        export="access_tokens",
        hidden=("id", "user_id", "digest"),
        kept="until the account is deleted",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(human_text(120))
    digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    prefix: Mapped[str] = mapped_column(String(12))
    last_four: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[int] = mapped_column(Count)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
