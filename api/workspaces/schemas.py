"""Bodies around workspaces."""

from api.accounts.schemas import KINDS, MEMBER_ROLES, STATES, MemberRoleName, WorkspaceKindName, WorkspaceStateName
from api.schemas import Credits, In, Moment, Name, Out, Ref
from ccmanage.core.ids import USER, WORKSPACE, encode_id
from ccmanage.reports.workspaces import WorkspaceLine
from ccmanage.workspaces.service import Membership


class WorkspaceOut(Out):
    """A workspace, seen by one of its members."""

    id: str
    name: str
    kind: WorkspaceKindName
    state: WorkspaceStateName
    role: MemberRoleName
    created_at: Moment

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
        )


class WorkspaceUpdateIn(In):
    """What an owner changes about the workspace."""

    name: Name


class WorkspaceCreateIn(In):
    """A workspace for several people, and who owns it."""

    name: Name
    owner_id: str


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
            created_at=line.created_at,
        )
