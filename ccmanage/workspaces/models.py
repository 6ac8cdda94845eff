"""Tables of workspaces and their members."""

from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, BigId, PublicId, Tiny, human_text
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


class Workspace(Base):
    """The owner of keys, credits and usage."""

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
    created_at: Mapped[int] = mapped_column(BigInteger)


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
