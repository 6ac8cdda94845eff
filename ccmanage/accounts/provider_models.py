"""The table of people as an identity provider knows them."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, BigId, Digest, PublicId, bytes_type
from ccmanage.core.personal import Erasure, personal


class ProviderIdentity(Base):
    """A person's name at the identity provider. Found by a blind index of issuer and subject; they never change."""

    __tablename__ = "provider_identities"
    __personal__ = personal(
        "Under which name the identity provider knows a person.",
        person="user_id",
        sealed={"subject_sealed": "provider_identities.subject"},
        index={"subject_index": ("subject_sealed", "provider_identities.subject")},
        on_erasure=Erasure.DELETE,
        export="provider_identities",
        hidden=("id", "user_id", "subject_index"),
        kept="until the account is deleted",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    subject_index: Mapped[bytes] = mapped_column(Digest, unique=True)
    subject_sealed: Mapped[bytes] = mapped_column(bytes_type(1024))
    created_at: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[int] = mapped_column(BigInteger)
