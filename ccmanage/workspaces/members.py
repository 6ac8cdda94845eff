"""Use cases around the people of a workspace: who belongs to it, with which role, and what leaving it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccmanage.accounts.models import UserState
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.ids import USER, WORKSPACE, encode_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.workspaces import rules
from ccmanage.workspaces.above import Above
from ccmanage.workspaces.errors import (
    CannotTakeKeys,
    LastOwner,
    MemberNotFound,
    PersonalWorkspaceIsAlone,
    RoleTooLow,
    WorkspaceClosed,
    WorkspaceNotFound,
)
from ccmanage.workspaces.mails import WorkspaceMails
from ccmanage.workspaces.models import Member, MemberRole, Workspace, WorkspaceKind, WorkspaceState
from ccmanage.workspaces.repository import WorkspaceRepository


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member with who they are."""

    account: Account
    role: MemberRole
    joined_at: int


@dataclass(frozen=True, slots=True)
class Acting:
    """Who changes members, and where; the role is read anew under the lock."""

    workspace_id: int
    user_id: int


class MemberService:
    """Members of workspaces. The workspace's row is locked first, so that two deeds never leave it without an owner."""

    def __init__(
        self,
        repository: WorkspaceRepository,
        clock: Clock,
        audit: AuditService,
        accounts: AccountService,
        above: Above,
        mails: WorkspaceMails,
    ) -> None:
        self._mails = mails
        self._repository = repository
        self._clock = clock
        self._audit = audit
        self._accounts = accounts
        self._above = above

    def page(self, workspace_id: int, ask: PageRequest) -> Page[MemberView]:
        """Return members, those who came last first."""
        page = self._repository.page_of_members(workspace_id, ask)
        people = self._accounts.named(member.user_id for member in page.items)
        return page.map(lambda member: MemberView(people[member.user_id], MemberRole(member.role), member.created_at))

    def get(self, workspace_id: int, user_public_id: bytes) -> MemberView:
        """Return a member; raises MemberNotFound."""
        account, member = self._known(workspace_id, user_public_id)
        return MemberView(account, MemberRole(member.role), member.created_at)

    def hold(self, workspace_id: int, user_id: int, least: MemberRole) -> None:
        """Keep somebody from losing their role until this transaction ends; raises what keeps them from acting.

        What lets a request in may be two seconds old; a key that is made in that time would outlive its maker.
        """
        self._locked(workspace_id)
        self._acting(Acting(workspace_id, user_id), least)
        if self._accounts.by_number(user_id).state is not UserState.ACTIVE:
            raise WorkspaceNotFound

    def set_role(self, acting: Acting, user_public_id: bytes, role: MemberRole) -> MemberView:
        """Give a member another role; raises RoleTooLow, LastOwner and MemberNotFound."""
        workspace = self._locked(acting.workspace_id)
        mine = self._acting(acting, MemberRole.MANAGER)
        account, member = self._known(workspace.id, user_public_id)
        before = MemberRole(member.role)
        self._check(mine, before, role)
        if before is MemberRole.OWNER and role is not MemberRole.OWNER:
            self._check_other_owner(workspace.id, account.id)
        if role is not before:
            member.role = role
            # A viewer has no keys: those that a member made before must not go on spending.
            revoked = 0 if rules.may_hold_keys(role) else self._above.revoke_keys_in(workspace.id, account.id)
            after = {"role": _name(role), **({"keys_revoked": revoked} if revoked else {})}
            self._record("workspaces.set_role", workspace, account, before={"role": _name(before)}, after=after)
        return MemberView(account, role, member.created_at)

    def remove(self, acting: Acting, user_public_id: bytes, reassign_to: bytes | None = None) -> None:
        """Take a member out; their keys here are revoked, or become another member's, in the same act.

        Raises RoleTooLow, LastOwner, MemberNotFound and CannotTakeKeys.
        """
        workspace = self._locked(acting.workspace_id)
        mine = self._acting(acting, MemberRole.MANAGER)
        account, member = self._known(workspace.id, user_public_id)
        self._check(mine, MemberRole(member.role), MemberRole(member.role))
        self._take_out(workspace, account, member, "workspaces.remove_member", reassign_to)
        if account.id != acting.user_id:
            self._mails.removed(workspace, account, self._clock.now_ms())

    def leave(self, user_id: int, workspace_public_id: bytes) -> None:
        """Go; one's keys there are revoked. Raises WorkspaceNotFound, LastOwner and PersonalWorkspaceIsAlone.

        A closed workspace has nothing left to answer for, so its only owner may go, too.
        """
        found = self._repository.of_member(user_id, workspace_public_id)
        if found is None:
            raise WorkspaceNotFound
        workspace = self._row(found[0].id)
        account = self._accounts.by_number(user_id)
        _, member = self._known(workspace.id, account.public_id)
        self._take_out(workspace, account, member, "workspaces.leave", None)

    def hand_over(self, acting: Acting, user_public_id: bytes) -> MemberView:
        """Make another member the owner, at once; who hands over stays as a manager. Raises MemberNotFound."""
        workspace = self._locked(acting.workspace_id)
        self._acting(acting, MemberRole.OWNER)
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspaceIsAlone
        account, member = self._known(workspace.id, user_public_id)
        if account.id == acting.user_id or account.state is not UserState.ACTIVE:
            raise MemberNotFound
        before = MemberRole(member.role)
        member.role = MemberRole.OWNER
        giver = self._repository.member(workspace.id, acting.user_id)
        if giver is not None:
            giver.role = MemberRole.MANAGER
        self._repository.touch(workspace)
        previous = self._accounts.by_number(acting.user_id)
        after = {"role": "owner", "from": encode_id(USER, previous.public_id)}
        self._mails.handed_over(workspace, account, previous, self._clock.now_ms())
        self._record("workspaces.hand_over", workspace, account, before={"role": _name(before)}, after=after)
        return MemberView(account, MemberRole.OWNER, member.created_at)

    def close(self, acting: Acting) -> Workspace:
        """End a shared workspace for good: keys are revoked, the subscription ends, what happened stays readable."""
        workspace = self._locked(acting.workspace_id)
        self._acting(acting, MemberRole.OWNER)
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspaceIsAlone
        now = self._clock.now_ms()
        workspace.state, workspace.closed_at = WorkspaceState.CLOSED, now
        self._repository.touch(workspace)
        self._repository.withdraw_invitations(workspace.id, now)
        after = {
            "keys_revoked": self._above.revoke_keys_in(workspace.id, None),
            "subscription_ended": self._above.end_subscription(workspace.id),
        }
        self._record("workspaces.close", workspace, None, after=after)
        return workspace

    def _take_out(
        self, workspace: Workspace, account: Account, member: Member, action: str, reassign_to: bytes | None
    ) -> None:
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspaceIsAlone
        if member.role == MemberRole.OWNER and workspace.state != WorkspaceState.CLOSED:
            self._check_other_owner(workspace.id, account.id)
        role = MemberRole(member.role)
        after: dict[str, Any]
        if reassign_to is None:
            after = {"keys_revoked": self._above.revoke_keys_in(workspace.id, account.id)}
        else:
            taker = self._taker(workspace.id, account, reassign_to)
            moved = self._above.reassign_keys_in(workspace.id, account.id, taker.id)
            after = {"keys_reassigned": moved, "to": encode_id(USER, taker.public_id)}
        self._repository.drop_member(member)
        self._record(action, workspace, account, before={"role": _name(role)}, after=after)

    def _taker(self, workspace_id: int, leaver: Account, public_id: bytes) -> Account:
        try:
            account, member = self._known(workspace_id, public_id)
        except MemberNotFound:
            raise CannotTakeKeys from None
        able = rules.may_hold_keys(MemberRole(member.role)) and account.state is UserState.ACTIVE
        if account.id == leaver.id or not able:
            raise CannotTakeKeys
        return account

    def _check_other_owner(self, workspace_id: int, user_id: int) -> None:
        """Somebody who may sign in must answer for a workspace; raises LastOwner."""
        others = [owner for owner in self._repository.owner_numbers(workspace_id) if owner != user_id]
        if not any(owner.state is UserState.ACTIVE for owner in self._accounts.named(others).values()):
            raise LastOwner

    def _acting(self, acting: Acting, least: MemberRole) -> MemberRole:
        """Return the role that somebody has now, under the lock; raises WorkspaceNotFound and RoleTooLow."""
        member = self._repository.member_anew(acting.workspace_id, acting.user_id)
        if member is None:
            raise WorkspaceNotFound
        if member.role < least:
            raise RoleTooLow(_name(least))
        return MemberRole(member.role)

    @staticmethod
    def _check(mine: MemberRole, now: MemberRole, then: MemberRole) -> None:
        if not rules.may_change(mine, now, then):
            raise RoleTooLow("owner")

    def _known(self, workspace_id: int, user_public_id: bytes) -> tuple[Account, Member]:
        account = self._accounts.find(user_public_id)
        member = self._repository.member_anew(workspace_id, account.id) if account else None
        if account is None or member is None:
            raise MemberNotFound
        return account, member

    def _locked(self, workspace_id: int) -> Workspace:
        workspace = self._row(workspace_id)
        if workspace.state == WorkspaceState.CLOSED:
            raise WorkspaceClosed
        return workspace

    def _row(self, workspace_id: int) -> Workspace:
        workspace = self._repository.lock(workspace_id)
        if workspace is None:
            raise WorkspaceNotFound
        return workspace

    def _record(
        self,
        action: str,
        workspace: Workspace,
        account: Account | None,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any],
    ) -> None:
        subject = ("workspace", encode_id(WORKSPACE, workspace.public_id))
        who = {"user": encode_id(USER, account.public_id)} if account else {}
        self._audit.record(action, subject, workspace_id=workspace.id, before=before, after={**who, **after})


def _name(role: MemberRole) -> str:
    return role.name.lower()
