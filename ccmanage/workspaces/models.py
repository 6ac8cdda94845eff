"""Tables of workspaces and their members."""

from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Count, Digest, PublicId, Tiny, bytes_type, human_text
from ccmanage.core.personal import Erasure, personal


class WorkspaceKind(IntEnum):
    """Whose a workspace is."""

    PERSONAL = 0
    SHARED = 1


class WorkspaceState(IntEnum):
    """Whether a workspace may spend."""

    ACTIVE = 0
    SUSPENDED = 1
    CLOSED = 2


class MemberRole(IntEnum):
    """What a member may do; a higher number may all that a lower one may."""

    VIEWER = 0
    MEMBER = 1
    MANAGER = 2
    OWNER = 3


class InvitationState(IntEnum):
    """What became of an invitation. One that has expired is still pending: it can be sent again."""

    PENDING = 0
    ACCEPTED = 1
    DECLINED = 2
    WITHDRAWN = 3


class Workspace(Base):
    """The owner of keys, credits and usage. `revision` counts changes, so that two people do not undo each other."""

    __tablename__ = "workspaces"
    __personal__ = personal(
        "The name of a person's own workspace.",
        person="personal_user_id",
        plain=("name",),
        on_erasure=Erasure.BLANK,
        export="workspaces",
        hidden=("id", "personal_user_id"),
        kept="until the account is deleted",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    name: Mapped[str] = mapped_column(human_text(120), index=True)
    kind: Mapped[int] = mapped_column(Tiny)
    state: Mapped[int] = mapped_column(Tiny)
    # The person whose personal workspace this is; unique, so that there is one each.
    personal_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), unique=True)
    revision: Mapped[int] = mapped_column(Count, server_default="1")
    created_at: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[int | None] = mapped_column(BigInteger)


class Member(Base):
    """A person's role in a workspace."""

    __tablename__ = "members"
    __personal__ = personal(
        "Who belongs to which workspace, with which role.",
        person="user_id",
        on_erasure=Erasure.OWN,
        unexported="in the section `workspaces`, with names instead of numbers",
        kept="until the person leaves",
    )

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[int] = mapped_column(Tiny)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Invitation(Base):
    """Somebody is asked into a workspace by mail. The address is encrypted; the link's token is only a digest here."""

    __tablename__ = "invitations"
    __personal__ = personal(
        "Whom somebody invited into a workspace: the mail address.",
        person="invited_by",
        sealed={"email_sealed": "invitations.email"},
        index={"email_index": ("email_sealed", "users.email")},
        on_erasure=Erasure.DELETE,
        export="invitations",
        hidden=("id", "workspace_id", "email_index", "token_digest", "invited_by", "open_mark"),
        kept="30 days after it ran out",
    )
    __table_args__ = (
        # A workspace asks an address once at a time: the mark is null where the invitation is settled.
        UniqueConstraint("workspace_id", "email_index", "open_mark"),
        Index(None, "workspace_id", "id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"))
    email_sealed: Mapped[bytes] = mapped_column(bytes_type(512))
    email_index: Mapped[bytes] = mapped_column(Digest, index=True)
    open_mark: Mapped[int | None] = mapped_column(Tiny)
    token_digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    role: Mapped[int] = mapped_column(Tiny)
    state: Mapped[int] = mapped_column(Tiny)
    invited_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    mails: Mapped[int] = mapped_column(Count)
    sent_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    settled_at: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
