"""Use cases around workspaces: open, find with one's role, rename, suspend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ccmanage.accounts.service import AccountService
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.ids import USER, WORKSPACE, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.text import clean_name
from ccmanage.workspaces.errors import AlreadyMember, PersonalWorkspaceIsAlone, WorkspaceNotFound
from ccmanage.workspaces.models import Member, MemberRole, Workspace, WorkspaceKind, WorkspaceState
from ccmanage.workspaces.repository import WorkspaceRepository

# The person's name is encrypted; a copy of it as the workspace's name would not be.
PERSONAL_NAME = "Personal"
_MAX_SEARCH = 100
_MAX_LISTED = 500


class Opened(Protocol):
    """What a new workspace needs from above: its account in the books."""

    def opened(self, workspace_id: int) -> None:
        """Prepare for a workspace that has just been created."""
        ...


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


class WorkspaceService:
    """Who owns things, and who belongs to them."""

    def __init__(
        self,
        repository: WorkspaceRepository,
        clock: Clock,
        audit: AuditService,
        accounts: AccountService,
        above: Opened,
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

    def add_member(self, workspace_id: int, user_public_id: bytes, role: MemberRole) -> None:
        """Let a person into a shared workspace; raises AlreadyMember and PersonalWorkspaceIsAlone."""
        workspace = self._locked(workspace_id)
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspaceIsAlone
        person = self._accounts.get(user_public_id)
        if self._repository.member(workspace.id, person.id) is not None:
            raise AlreadyMember
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

    def rename(self, workspace_id: int, name: str) -> Workspace:
        """Give a workspace another name; raises InvalidInput."""
        workspace = self._locked(workspace_id)
        before, after = workspace.name, clean_name(name)
        if after != before:
            workspace.name = after
            self._record("workspaces.rename", workspace, before={"name": before}, after={"name": after})
        return workspace

    def suspend(self, public_id: bytes, *, reason: str) -> Workspace:
        """Let a workspace spend and change nothing until it is reactivated. Usage that arrives is still charged."""
        return self._move(public_id, WorkspaceState.SUSPENDED, "workspaces.suspend", reason)

    def reactivate(self, public_id: bytes) -> Workspace:
        """End a suspension."""
        return self._move(public_id, WorkspaceState.ACTIVE, "workspaces.reactivate", None)

    def _move(self, public_id: bytes, state: WorkspaceState, action: str, reason: str | None) -> Workspace:
        workspace = self._locked(self.get(public_id).id)
        if workspace.state == WorkspaceState.CLOSED:
            raise WorkspaceNotFound
        if workspace.state != state:
            workspace.state = state
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
                created_at=self._clock.now_ms(),
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
    )
