"""Tables of mail: the outbox, who gets nothing any more, and templates that administrators have edited."""

from enum import IntEnum

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Count, Digest, PublicId, Tiny, bytes_type
from ccmanage.core.personal import Erasure, no_personal, personal

MAX_DEDUPE_KEY = 190


class EmailState(IntEnum):
    """What became of a mail."""

    PENDING = 0
    SENDING = 1
    SENT = 2
    FAILED = 3
    # Not sent on purpose: the address refused mail before, or its owner wants no such mails.
    SUPPRESSED = 4
    # Kept in the portal's mailbox, because there is no mail server.
    KEPT = 5
    CANCELLED = 6


class Email(Base):
    """One mail to one address. Address and values are encrypted; the dedupe key says why it exists, once."""

    __tablename__ = "emails"
    __personal__ = personal(
        "Mails: to whom, about what, when, and how it went.",
        person="user_id",
        sealed={
            "address_sealed": "emails.address",
            "values_sealed": "emails.values",
            "error_sealed": "emails.error",
        },
        index={"address_index": ("address_sealed", "emails.address")},
        # EmailService.erase_person: what waits must be cancelled too.
        on_erasure=Erasure.OWN,
        export="mails",
        # Values hold links that let somebody in.
        hidden=("id", "user_id", "workspace_id", "dedupe_key", "address_index", "values_sealed"),
        kept="retention.mails_days; texts and addresses for retention.mail_bodies_days",
    )
    __table_args__ = (
        Index(None, "state", "next_attempt_at"),
        Index(None, "template", "id"),
        Index(None, "address_index", "id"),
        Index(None, "user_id", "id"),
        Index(None, "created_at"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    dedupe_key: Mapped[bytes] = mapped_column(bytes_type(MAX_DEDUPE_KEY), unique=True)
    template: Mapped[str] = mapped_column(String(64))
    # Of the template that it was last rendered with; 0 = the shipped one.
    template_version: Mapped[int] = mapped_column(Count)
    language: Mapped[str] = mapped_column(String(8))
    zone: Mapped[str] = mapped_column(String(64))
    # 0 = nobody, or none.
    user_id: Mapped[int] = mapped_column(BigInteger)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    # Empty = forgotten.
    address_sealed: Mapped[bytes] = mapped_column(bytes_type(512))
    address_index: Mapped[bytes] = mapped_column(Digest)
    values_sealed: Mapped[bytes] = mapped_column(Blob)
    message_id: Mapped[str] = mapped_column(String(160))
    state: Mapped[int] = mapped_column(Tiny)
    # Counts every claim: whoever claims later fences off whoever claimed before.
    tries: Mapped[int] = mapped_column(Count)
    # While it is being sent: when the claim runs out.
    next_attempt_at: Mapped[int] = mapped_column(BigInteger)
    # Such as `smtp_550`; the server's words, which may repeat the address, stand encrypted beside it.
    error_code: Mapped[str] = mapped_column(String(40))
    error_sealed: Mapped[bytes] = mapped_column(bytes_type(1024))
    created_at: Mapped[int] = mapped_column(BigInteger)
    # When it was put off for the first time counts from here; anew when it is sent again.
    waiting_since: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[int] = mapped_column(BigInteger)


class EmailSuppression(Base):
    """An address that a mail server has refused for good: nothing is sent to it until an administrator says so."""

    __tablename__ = "email_suppressions"
    __personal__ = personal(
        "That an address refuses mail: a keyed digest of it, and the mail server's code.",
        # EmailService.erase_person finds it by the digest.
        on_erasure=Erasure.OWN,
        unexported="says nothing that the person's mails do not say",
        kept="until an administrator sends to the address again, or the account is deleted",
    )

    address_index: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    error_code: Mapped[str] = mapped_column(String(40))
    email_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)


class EmailOptOut(Base):
    """A kind of notification that the owner of an address does not want."""

    __tablename__ = "email_opt_outs"
    __personal__ = personal(
        "Which notifications the owner of an address has stopped: a keyed digest of it, and the kind of mail.",
        # EmailService.erase_person finds it by the digest.
        on_erasure=Erasure.OWN,
        unexported="shown with the settings of notifications; found by the address only",
        kept="until it is taken back, or the account is deleted",
    )

    address_index: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    template: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)


class EmailTemplateVersion(Base):
    """A template as an administrator wrote it, in one language. The highest version holds; none: the shipped one."""

    __tablename__ = "email_template_versions"
    __personal__ = no_personal("texts of mails before anybody's values are in them, and which administrator wrote them")
    __table_args__ = (UniqueConstraint("template", "language", "version"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    template: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(Count)
    # Empty = back to the shipped one.
    source: Mapped[bytes] = mapped_column(Blob)
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    # 0 = it renders; else since when the shipped one is sent in its place.
    broken_at: Mapped[int] = mapped_column(BigInteger)
