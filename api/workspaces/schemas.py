"""Bodies around workspaces."""

from typing import Annotated, Literal

from pydantic import Field

from api.accounts.schemas import (
    KINDS,
    MEMBER_ROLES,
    STATES,
    USER_STATES,
    Email,
    MemberRoleName,
    UserStateName,
    WorkspaceKindName,
    WorkspaceStateName,
)
from api.schemas import Credits, In, Moment, Name, Out, Reason, Ref, Revision
from ccmanage.core.ids import INVITATION, USER, WORKSPACE, encode_id
from ccmanage.reports.workspaces import WorkspaceLine
from ccmanage.workspaces.invitations import InvitationView
from ccmanage.workspaces.members import MemberView
from ccmanage.workspaces.service import Membership

InvitationStateName = Literal["pending", "expired"]


class WorkspaceOut(Out):
    """A workspace, seen by one of its members."""

    id: str
    name: str
    kind: WorkspaceKindName
    state: WorkspaceStateName
    role: MemberRoleName
    created_at: Moment
    closed_at: Moment | None

    @classmethod
    def of(cls, membership: Membership, *, name: str | None = None) -> "WorkspaceOut":
        """Make the answer."""
        return cls(
            id=encode_id(WORKSPACE, membership.public_id),
            name=name or membership.name,
            kind=KINDS[membership.kind],
            state=STATES[membership.state],
            role=MEMBER_ROLES[membership.role],
            created_at=membership.created_at,
            closed_at=membership.closed_at,
        )


class WorkspaceUpdateIn(In):
    """What an owner changes about the workspace."""

    name: Name


class WorkspaceOpenIn(In):
    """A workspace for several people, of one's own."""

    name: Name


class HandOverIn(In):
    """Which member owns the workspace from now on."""

    user_id: str


class CloseIn(In):
    """The name of the workspace, as proof that the right one is meant."""

    name: Name


class RoleIn(In):
    """What a member may do from now on."""

    role: MemberRoleName


class MemberRemoveIn(In):
    """What becomes of the keys that a member made here: revoked, or from now on another member's."""

    reassign_keys_to: str | None = None


class MemberOut(Out):
    """A member of the workspace. Only managers see the addresses of others."""

    id: str
    name: str
    email: str | None
    role: MemberRoleName
    state: UserStateName
    keys: int
    joined_at: Moment

    @classmethod
    def of(cls, member: MemberView, *, keys: int, shows_email: bool) -> "MemberOut":
        """Make the answer."""
        account = member.account
        return cls(
            id=encode_id(USER, account.public_id),
            name=account.name,
            email=account.email if shows_email else None,
            role=MEMBER_ROLES[member.role],
            state=USER_STATES[account.state],
            keys=keys,
            joined_at=member.joined_at,
        )


class InvitationIn(In):
    """Who is asked in, and as what. An owner is made of a member."""

    email: Email
    role: Literal["manager", "member", "viewer"]


class InvitationOut(Out):
    """An open invitation, seen by the managers of the workspace."""

    id: str
    email: str
    role: MemberRoleName
    state: InvitationStateName
    invited_by: str | None
    mails: int
    sent_at: Moment
    expires_at: Moment

    @classmethod
    def of(cls, view: InvitationView) -> "InvitationOut":
        """Make the answer."""
        return cls(
            id=encode_id(INVITATION, view.public_id),
            email=view.email,
            role=MEMBER_ROLES[view.role],
            state=view.standing,
            invited_by=view.inviter.name if view.inviter else None,
            mails=view.mails,
            sent_at=view.sent_at,
            expires_at=view.expires_at,
        )


class InvitedOut(Out):
    """An invitation, seen by the person who is asked in."""

    id: str
    workspace: str
    role: MemberRoleName
    invited_by: str | None
    email: str
    expires_at: Moment

    @classmethod
    def of(cls, view: InvitationView) -> "InvitedOut":
        """Make the answer."""
        return cls(
            id=encode_id(INVITATION, view.public_id),
            workspace=view.workspace.name,
            role=MEMBER_ROLES[view.role],
            invited_by=view.inviter.name if view.inviter else None,
            email=view.email,
            expires_at=view.expires_at,
        )


class LinkIn(In):
    """The token of an invitation's link, which stands behind its `#`."""

    token: Annotated[str, Field(min_length=10, max_length=200)]


class WorkspaceCreateIn(In):
    """A workspace for several people, and who owns it."""

    name: Name
    owner_id: str


class WorkspaceChangeIn(In):
    """Another name, and which state of the workspace was looked at."""

    name: Name
    revision: Revision


class WorkspaceSuspendIn(In):
    """Why a workspace is suspended, and which state of it was looked at."""

    reason: Reason
    revision: Revision | None = None


class AdminWorkspaceOut(Out):
    """A workspace with its figures, as administrators see it."""

    id: str
    name: str
    kind: WorkspaceKindName
    state: WorkspaceStateName
    owner: Ref | None
    balance: Credits
    debt: Credits
    spend_30d: Credits
    members: int
    keys: int
    revision: int
    created_at: Moment

    @classmethod
    def of(cls, line: WorkspaceLine) -> "AdminWorkspaceOut":
        """Make the answer."""
        owner = line.owner
        return cls(
            id=encode_id(WORKSPACE, line.public_id),
            name=line.name,
            kind=KINDS[line.kind],
            state=STATES[line.state],
            owner=Ref(id=encode_id(USER, owner.public_id), name=owner.name) if owner else None,
            balance=line.balance_nano,
            debt=line.debt_nano,
            spend_30d=line.spent_nano,
            members=line.members,
            keys=line.keys,
            revision=line.revision,
            created_at=line.created_at,
        )
