"""Use cases around workspaces: open, find with one's role, rename, suspend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ccmanage.accounts.models import UserState
from ccmanage.accounts.service import AccountService
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.ids import USER, WORKSPACE, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.text import clean_name
from ccmanage.workspaces.above import Above
from ccmanage.workspaces.errors import (
    AlreadyMember,
    PersonalWorkspaceIsAlone,
    TooManyMembers,
    TooManyWorkspaces,
    WorkspaceChanged,
    WorkspaceClosed,
    WorkspaceNotFound,
)
from ccmanage.workspaces.models import Member, MemberRole, Workspace, WorkspaceKind, WorkspaceState
from ccmanage.workspaces.repository import WorkspaceRepository

# The person's name is encrypted; a copy of it as the workspace's name would not be.
PERSONAL_NAME = "Personal"
_MAX_SEARCH = 100
_MAX_LISTED = 500
MAX_OWNED = 50
MAX_MEMBERS = 1_000


@dataclass(frozen=True, slots=True)
class Membership:
    """A workspace seen by one of its members."""

    workspace_id: int
    public_id: bytes
    name: str
    kind: WorkspaceKind
    state: WorkspaceState
    role: MemberRole
    created_at: int
    closed_at: int | None


class WorkspaceService:
    """Who owns things, and who belongs to them."""

    def __init__(
        self,
        repository: WorkspaceRepository,
        clock: Clock,
        audit: AuditService,
        accounts: AccountService,
        above: Above,
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._audit = audit
        self._accounts = accounts
        self._above = above

    def open_personal(self, user_id: int) -> Workspace:
        """Return a person's own workspace, opened on first need."""
        known = self._repository.personal_of(user_id)
        return known or self._open(PERSONAL_NAME, WorkspaceKind.PERSONAL, user_id)

    def open_shared(self, name: str, owner_public_id: bytes) -> Workspace:
        """Open a workspace for several people; raises UserNotFound and InvalidInput."""
        owner = self._accounts.get(owner_public_id)
        workspace = self._open(clean_name(name), WorkspaceKind.SHARED, owner.id)
        self._record(
            "workspaces.open", workspace, after={"name": workspace.name, "owner": encode_id(USER, owner_public_id)}
        )
        return workspace

    def open_own(self, name: str, user_id: int) -> Membership:
        """Open a shared workspace of one's own; raises TooManyWorkspaces and InvalidInput."""
        if self._repository.shared_owned_by(user_id) >= MAX_OWNED:
            raise TooManyWorkspaces(MAX_OWNED)
        workspace = self.open_shared(name, self._accounts.by_number(user_id).public_id)
        return _membership(workspace, MemberRole.OWNER)

    def add_member(self, workspace_id: int, user_public_id: bytes, role: MemberRole) -> None:
        """Let a person into a shared workspace; raises AlreadyMember and PersonalWorkspaceIsAlone."""
        workspace = self._locked(workspace_id)
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspaceIsAlone
        if workspace.state == WorkspaceState.CLOSED:
            raise WorkspaceClosed
        person = self._accounts.get(user_public_id)
        if self._repository.member(workspace.id, person.id) is not None:
            raise AlreadyMember
        if self._repository.member_counts([workspace.id]).get(workspace.id, 0) >= MAX_MEMBERS:
            raise TooManyMembers(MAX_MEMBERS)
        self._add_member(workspace.id, person.id, role)
        after = {"user": encode_id(USER, user_public_id), "role": role.name.lower()}
        self._record("workspaces.add_member", workspace, after=after)

    def membership(self, user_id: int, public_id: bytes | None) -> Membership:
        """Return a workspace with one's role in it (without an id the personal one); raises WorkspaceNotFound.

        Somebody else's workspace is not found, just like one that does not exist.
        """
        found = self._repository.of_member(user_id, public_id)
        if found is None:
            raise WorkspaceNotFound
        return _membership(*found)

    def page_of(self, user_id: int, ask: PageRequest) -> Page[Membership]:
        """Return the workspaces that a person belongs to, closed ones too, the newest first."""
        return self._repository.page_of_member(user_id, ask).map(lambda row: _membership(*row))

    def list_of(self, user_id: int) -> list[Membership]:
        """Return the workspaces that a person belongs to, the personal one first."""
        return [_membership(*row) for row in self._repository.all_of_member(user_id, _MAX_LISTED)]

    def get(self, public_id: bytes) -> Workspace:
        """Return a workspace, for administrators; raises WorkspaceNotFound."""
        return self._found(self._repository.by_public_id(public_id))

    def page(self, ask: PageRequest, *, search: str | None = None) -> Page[Workspace]:
        """Return all workspaces, newest first, or those whose name contains a text."""
        return self._repository.page_of_all(ask, search=search[:_MAX_SEARCH] if search else None)

    def named(self, workspace_ids: Iterable[int]) -> dict[int, Workspace]:
        """Return the workspaces with these numbers, with one query for all."""
        return {workspace.id: workspace for workspace in self._repository.many(workspace_ids)}

    def owners_of(self, workspace_ids: list[int]) -> dict[int, int]:
        """Return an owner of each workspace."""
        return self._repository.owners_of(workspace_ids)

    def member_counts(self, workspace_ids: list[int]) -> dict[int, int]:
        """Count the members of each workspace."""
        return self._repository.member_counts(workspace_ids)

    def members_of(self, workspace_ids: Iterable[int]) -> dict[int, dict[int, MemberRole]]:
        """Return the members of many workspaces by their numbers, with their roles."""
        found: dict[int, dict[int, MemberRole]] = {}
        for member in self._repository.members_of(workspace_ids):
            found.setdefault(member.workspace_id, {})[member.user_id] = MemberRole(member.role)
        return found

    def count(self) -> int:
        """Count all workspaces."""
        return self._repository.count()

    def owner_to_take(self, workspace_id: int, besides: int) -> int | None:
        """Return the owner of a workspace who can take over what a person had there."""
        owners = self._repository.owner_numbers(workspace_id)
        people = self._accounts.named(owner for owner in owners if owner != besides)
        return next((n for n in owners if n in people and people[n].state is UserState.ACTIVE), None)

    def rename(self, workspace_id: int, name: str, *, revision: int | None = None) -> Workspace:
        """Give a workspace another name; raises InvalidInput, WorkspaceClosed and WorkspaceChanged."""
        workspace = self._locked(workspace_id)
        self._check_revision(workspace, revision)
        if workspace.state == WorkspaceState.CLOSED:
            raise WorkspaceClosed
        before, after = workspace.name, clean_name(name)
        if after != before:
            workspace.name = after
            self._repository.touch(workspace)
            self._record("workspaces.rename", workspace, before={"name": before}, after={"name": after})
        return workspace

    def suspend(self, public_id: bytes, *, reason: str, revision: int | None = None) -> Workspace:
        """Let a workspace spend and change nothing until it is reactivated. Usage that arrives is still charged."""
        return self._move(public_id, WorkspaceState.SUSPENDED, "workspaces.suspend", reason, revision)

    def reactivate(self, public_id: bytes, *, revision: int | None = None) -> Workspace:
        """End a suspension."""
        return self._move(public_id, WorkspaceState.ACTIVE, "workspaces.reactivate", None, revision)

    def _move(
        self, public_id: bytes, state: WorkspaceState, action: str, reason: str | None, revision: int | None
    ) -> Workspace:
        workspace = self._locked(self.get(public_id).id)
        self._check_revision(workspace, revision)
        if workspace.state == WorkspaceState.CLOSED:
            raise WorkspaceClosed
        if workspace.state != state:
            workspace.state = state
            self._repository.touch(workspace)
            self._record(action, workspace, reason=reason)
        return workspace

    def _open(self, name: str, kind: WorkspaceKind, owner_id: int) -> Workspace:
        workspace = self._repository.add(
            Workspace(
                public_id=new_id(),
                name=name,
                kind=kind,
                state=WorkspaceState.ACTIVE,
                personal_user_id=owner_id if kind is WorkspaceKind.PERSONAL else None,
                revision=1,
                created_at=self._clock.now_ms(),
                closed_at=None,
            )
        )
        self._add_member(workspace.id, owner_id, MemberRole.OWNER)
        self._above.opened(workspace.id)
        return workspace

    def _add_member(self, workspace_id: int, user_id: int, role: MemberRole) -> None:
        now = self._clock.now_ms()
        self._repository.add_member(Member(workspace_id=workspace_id, user_id=user_id, role=role, created_at=now))

    def _locked(self, workspace_id: int) -> Workspace:
        return self._found(self._repository.lock(workspace_id))

    @staticmethod
    def _check_revision(workspace: Workspace, revision: int | None) -> None:
        if revision is not None and revision != workspace.revision:
            raise WorkspaceChanged(workspace.revision)

    @staticmethod
    def _found(workspace: Workspace | None) -> Workspace:
        if workspace is None:
            raise WorkspaceNotFound
        return workspace

    def _record(
        self,
        action: str,
        workspace: Workspace,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        reason: str | None = None,
    ) -> None:
        subject = ("workspace", encode_id(WORKSPACE, workspace.public_id))
        self._audit.record(action, subject, workspace_id=workspace.id, before=before, after=after, reason=reason)


def _membership(workspace: Workspace, role: MemberRole) -> Membership:
    return Membership(
        workspace_id=workspace.id,
        public_id=workspace.public_id,
        name=workspace.name,
        kind=WorkspaceKind(workspace.kind),
        state=WorkspaceState(workspace.state),
        role=role,
        created_at=workspace.created_at,
        closed_at=workspace.closed_at,
    )
