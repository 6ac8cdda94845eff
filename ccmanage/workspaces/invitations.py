"""Use cases around invitations: ask somebody in by mail, ask again, take it back; accept or decline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ccmanage.accounts.models import UserState
from ccmanage.accounts.rules import normalise_email
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, HOUR, MINUTE, SECOND, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import invalid
from ccmanage.core.ids import INVITATION, WORKSPACE, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.security import Digester, new_secret
from ccmanage.workspaces import rules
from ccmanage.workspaces.errors import (
    AddressNotProven,
    AlreadyMember,
    InvitationExpired,
    InvitationNotFound,
    InvitationPending,
    InvitedTooOften,
    OtherAddress,
    PersonalWorkspaceIsAlone,
    RoleTooLow,
    TooManyInvitations,
    WorkspaceClosed,
    WorkspaceNotFound,
)
from ccmanage.workspaces.invitation_repository import InvitationRepository
from ccmanage.workspaces.mails import WorkspaceMails
from ccmanage.workspaces.members import Acting
from ccmanage.workspaces.models import (
    Invitation,
    InvitationState,
    MemberRole,
    Workspace,
    WorkspaceKind,
    WorkspaceState,
)
from ccmanage.workspaces.repository import WorkspaceRepository
from ccmanage.workspaces.service import WorkspaceService

TOKEN_PREFIX: Final = "cci_"  # noqa: S105 - a public prefix, not a secret
VALID_MS: Final = 7 * DAY
MAX_PENDING: Final = 50
MAX_MAILS: Final = 5
RESEND_AFTER_MS: Final = 5 * MINUTE
# How many invitations a workspace sends in a day, answered or not: nobody mails the world from here.
MAX_A_DAY: Final = 100
KEPT_MS: Final = 30 * DAY
_FORGET_ROWS = 1_000
_MAX_WAITING = 100


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An open invitation, decrypted."""

    public_id: bytes
    workspace: Workspace
    email: str
    role: MemberRole
    inviter: Account | None
    standing: Literal["pending", "expired"]
    mails: int
    sent_at: int
    expires_at: int


class InvitationService:
    """Invitations into workspaces. Whoever holds the link's token has read the mail: that proves the address."""

    def __init__(
        self,
        repositories: tuple[InvitationRepository, WorkspaceRepository],
        services: tuple[WorkspaceService, AccountService],
        keys: tuple[KeyRing, Digester],
        clock: Clock,
        audit: AuditService,
        mails: WorkspaceMails,
    ) -> None:
        self._repository, self._workspaces = repositories
        self._joining, self._accounts = services
        self._ring, self._digester = keys
        self._clock = clock
        self._audit = audit
        self._mails = mails

    def invite(self, acting: Acting, email: str, role: MemberRole) -> InvitationView:
        """Ask the holder of an address in, by mail.

        Raises InvalidInput, RoleTooLow, AlreadyMember, InvitationPending, TooManyInvitations, InvitedTooOften.
        """
        workspace = self._locked(acting.workspace_id)
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspaceIsAlone
        # An owner is made of a member, who is known by then.
        if not rules.may_give(self._role_of(acting), role) or role is MemberRole.OWNER:
            raise RoleTooLow("manager" if role is MemberRole.OWNER else "owner")
        address = normalise_email(email)
        if address is None:
            raise invalid("/email", "email.invalid", "Enter one email address, such as ann@example.com.")
        known = self._accounts.find_by_email(address)
        if known is not None and self._workspaces.member(workspace.id, known.id) is not None:
            raise AlreadyMember
        self._check_room(workspace.id, self._accounts.indexes_of(address))
        public_id, now = new_id(), self._clock.now_ms()
        token = new_secret(TOKEN_PREFIX)
        row = self._repository.add(
            Invitation(
                public_id=public_id,
                workspace_id=workspace.id,
                email_sealed=self._ring.encrypt(address, f"invitations.email:{public_id.hex()}"),
                email_index=self._accounts.index_of(address),
                open_mark=1,
                token_digest=self._digester.digest(token),
                role=role,
                state=InvitationState.PENDING,
                invited_by=acting.user_id,
                mails=1,
                sent_at=now,
                expires_at=now + VALID_MS,
                settled_at=None,
                created_at=now,
            )
        )
        self._send(row, workspace, address, token)
        self._record("workspaces.invite", workspace, row, after={"email": address, "role": role.name.lower()})
        return self._viewed(row, workspace)

    def page(self, workspace_id: int, ask: PageRequest) -> Page[InvitationView]:
        """Return the open invitations of a workspace, newest first; those that ran out can be sent again."""
        page = self._repository.page_of_open(workspace_id, ask)
        workspace = self._workspaces.get(workspace_id)
        if workspace is None:
            raise WorkspaceNotFound
        return page.map(lambda row: self._viewed(row, workspace))

    def resend(self, acting: Acting, public_id: bytes) -> InvitationView:
        """Send an invitation again, with a new link; the old one is worth nothing from here on.

        Raises InvitationNotFound, RoleTooLow and InvitedTooOften.
        """
        workspace = self._locked(acting.workspace_id)
        row = self._open_in(workspace, public_id)
        if not rules.may_give(self._role_of(acting), MemberRole(row.role)):
            raise RoleTooLow("manager")
        now = self._clock.now_ms()
        wait = row.sent_at + (RESEND_AFTER_MS if row.mails < MAX_MAILS else DAY) - now
        if wait > 0:
            raise InvitedTooOften(-(-wait // SECOND))
        token = new_secret(TOKEN_PREFIX)
        row.token_digest = self._digester.digest(token)
        row.mails, row.sent_at, row.expires_at = row.mails + 1, now, now + VALID_MS
        # Who sends it again vouches for it: the one who sent it first may be gone.
        row.invited_by = acting.user_id
        self._repository.session.flush()
        self._send(row, workspace, self._address(row), token)
        self._record("workspaces.resend_invitation", workspace, row)
        return self._viewed(row, workspace)

    def withdraw(self, acting: Acting, public_id: bytes) -> None:
        """Take an invitation back; raises InvitationNotFound and RoleTooLow."""
        workspace = self._locked(acting.workspace_id)
        row = self._open_in(workspace, public_id)
        if not rules.may_give(self._role_of(acting), MemberRole(row.role)):
            raise RoleTooLow("manager")
        self._settle(row, InvitationState.WITHDRAWN)
        self._record("workspaces.withdraw_invitation", workspace, row)

    def waiting_for(self, user_id: int) -> list[InvitationView]:
        """Return what waits for a person's proven address, the newest first."""
        account = self._accounts.by_number(user_id)
        if not self._accounts.is_proven(user_id):
            return []
        now = self._clock.now_ms()
        rows = self._repository.waiting(self._accounts.indexes_of(account.email), now, _MAX_WAITING)
        workspaces = self._joining.named(row.workspace_id for row in rows)
        return [self._viewed(row, workspaces[row.workspace_id]) for row in rows]

    def shown_by(self, token: str) -> InvitationView:
        """Return what a link is about; raises InvitationNotFound and InvitationExpired."""
        row = self._by_token(token)
        if row.expires_at <= self._clock.now_ms():
            raise InvitationExpired
        workspace = self._workspaces.get(row.workspace_id)
        if workspace is None or workspace.state == WorkspaceState.CLOSED:
            raise InvitationNotFound
        return self._viewed(row, workspace)

    def asks_in(self, token: str, email: str) -> bool:
        """Tell whether a link holds and was sent to this address: whoever is invited may register."""
        try:
            return self.shown_by(token).email == normalise_email(email)
        except (InvitationNotFound, InvitationExpired):
            return False

    def accept(self, user_id: int, *, public_id: bytes | None = None, token: str | None = None) -> Workspace:
        """Join. By its id a person must have proven the address; the link's token proves it.

        Raises InvitationNotFound, InvitationExpired, AddressNotProven, OtherAddress, AlreadyMember.
        """
        row, account = self._mine(user_id, public_id, token)
        workspace = self._locked(row.workspace_id)
        row = self._anew(row)
        if row.expires_at <= self._clock.now_ms():
            raise InvitationExpired
        self._settle(row, InvitationState.ACCEPTED)
        self._joining.add_member(workspace.id, account.public_id, MemberRole(row.role))
        self._record("workspaces.accept_invitation", workspace, row)
        return workspace

    def decline(self, user_id: int, *, public_id: bytes | None = None, token: str | None = None) -> None:
        """Say no; raises as `accept`."""
        row, _account = self._mine(user_id, public_id, token)
        workspace = self._workspaces.lock(row.workspace_id)
        if workspace is None:
            raise InvitationNotFound
        row = self._anew(row)
        self._settle(row, InvitationState.DECLINED)
        self._record("workspaces.decline_invitation", workspace, row)

    def forget_old(self) -> bool:
        """Delete some invitations that were ran out a month ago; tells whether more are left."""
        return self._repository.forget(self._clock.now_ms() - KEPT_MS, _FORGET_ROWS) == _FORGET_ROWS

    def _mine(self, user_id: int, public_id: bytes | None, token: str | None) -> tuple[Invitation, Account]:
        """Find an invitation of a person; raises InvitationNotFound, AddressNotProven and OtherAddress."""
        account = self._accounts.by_number(user_id)
        if token is not None:
            row = self._by_token(token)
            if row.email_index not in self._accounts.indexes_of(account.email):
                raise OtherAddress
            return row, account
        found = self._repository.by_public_id(public_id) if public_id is not None else None
        if found is None or found.email_index not in self._accounts.indexes_of(account.email):
            raise InvitationNotFound
        if not self._accounts.is_proven(user_id):
            raise AddressNotProven
        return found, account

    def _by_token(self, token: str) -> Invitation:
        row = self._repository.by_digest(self._digester.digest(token))
        if row is None or row.state != InvitationState.PENDING:
            raise InvitationNotFound
        return row

    def _anew(self, row: Invitation) -> Invitation:
        """Read an invitation under its workspace's lock; raises InvitationNotFound if it is settled."""
        found = self._repository.lock(row.id)
        if found is None or found.state != InvitationState.PENDING:
            raise InvitationNotFound
        return found

    def _open_in(self, workspace: Workspace, public_id: bytes) -> Invitation:
        found = self._repository.by_public_id(public_id)
        if found is None or found.workspace_id != workspace.id:
            raise InvitationNotFound
        return self._anew(found)

    def _settle(self, row: Invitation, state: InvitationState) -> None:
        row.state, row.open_mark, row.settled_at = state, None, self._clock.now_ms()
        self._repository.session.flush()

    def _check_room(self, workspace_id: int, indexes: Sequence[bytes]) -> None:
        now = self._clock.now_ms()
        if self._repository.is_open_for(workspace_id, indexes):
            raise InvitationPending
        if self._repository.count_open(workspace_id) >= MAX_PENDING:
            raise TooManyInvitations(MAX_PENDING)
        if self._repository.count_since(workspace_id, now - DAY) >= MAX_A_DAY:
            raise InvitedTooOften(HOUR // SECOND)

    def _send(self, row: Invitation, workspace: Workspace, address: str, token: str) -> None:
        inviter = self._accounts.by_number(row.invited_by)
        self._mails.invited(row, workspace, inviter, self._accounts.find_by_email(address) or address, token)

    def _role_of(self, acting: Acting) -> MemberRole:
        member = self._workspaces.member_anew(acting.workspace_id, acting.user_id)
        if member is None:
            raise WorkspaceNotFound
        return MemberRole(member.role)

    def _locked(self, workspace_id: int) -> Workspace:
        workspace = self._workspaces.lock(workspace_id)
        if workspace is None:
            raise WorkspaceNotFound
        if workspace.state == WorkspaceState.CLOSED:
            raise WorkspaceClosed
        return workspace

    def _address(self, row: Invitation) -> str:
        return self._ring.decrypt(row.email_sealed, f"invitations.email:{row.public_id.hex()}")

    def _viewed(self, row: Invitation, workspace: Workspace) -> InvitationView:
        inviter = self._accounts.named([row.invited_by]).get(row.invited_by)
        return InvitationView(
            public_id=row.public_id,
            workspace=workspace,
            email=self._address(row),
            role=MemberRole(row.role),
            inviter=inviter if inviter and inviter.state is UserState.ACTIVE else None,
            standing="pending" if row.expires_at > self._clock.now_ms() else "expired",
            mails=row.mails,
            sent_at=row.sent_at,
            expires_at=row.expires_at,
        )

    def _record(
        self, action: str, workspace: Workspace, row: Invitation, *, after: Mapping[str, Any] | None = None
    ) -> None:
        subject = ("workspace", encode_id(WORKSPACE, workspace.public_id))
        details = {"invitation": encode_id(INVITATION, row.public_id), **(after or {})}
        self._audit.record(action, subject, workspace_id=workspace.id, after=details)
