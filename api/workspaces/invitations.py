"""Invitations: those of the workspace for its managers, and those that wait for oneself."""

from api.accounts.schemas import MEMBER_ROLES_BY_NAME
from api.deps import AuthenticatorDep, Identified, PageDep, Person, ScopeDep, WorkspaceManager
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut
from api.workspaces.schemas import InvitationIn, InvitationOut, InvitedOut, LinkIn, WorkspaceOut
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import INVITATION, decode_id
from ccmanage.core.pagination import Page
from ccmanage.workspaces.models import Workspace

workspace_invitations = router("/v1/workspace/invitations", "workspace invitations")
invitations = router("/v1/invitations", "invitations")


@workspace_invitations.get("")
def list_(me: WorkspaceManager, scope: ScopeDep, ask: PageDep) -> PageOut[InvitationOut]:
    """List the open invitations, newest first; those that ran out can be sent again."""
    return PageOut[InvitationOut].of(scope.invitations.page(me.workspace_id, ask), InvitationOut.of)


@workspace_invitations.post("", status_code=201, responses=problems(429))
def create(me: WorkspaceManager, scope: ScopeDep, body: InvitationIn) -> InvitationOut:
    """Ask the holder of a mail address in. The mail holds a link that works for seven days."""
    return InvitationOut.of(scope.invitations.invite(me.acting, body.email, MEMBER_ROLES_BY_NAME[body.role]))


@workspace_invitations.post("/{invitation_id}/resend", responses=problems(429))
def resend(me: WorkspaceManager, scope: ScopeDep, invitation_id: str) -> InvitationOut:
    """Send an invitation again, with a new link. The old link is worth nothing from here on."""
    return InvitationOut.of(scope.invitations.resend(me.acting, decode_id(INVITATION, invitation_id)))


@workspace_invitations.post("/{invitation_id}/withdraw", status_code=204)
def withdraw(me: WorkspaceManager, scope: ScopeDep, invitation_id: str) -> None:
    """Take an invitation back."""
    scope.invitations.withdraw(me.acting, decode_id(INVITATION, invitation_id))


@invitations.get("")
def waiting(me: Person, scope: ScopeDep) -> PageOut[InvitedOut]:
    """List what waits for one's own, proven mail address; at most a hundred."""
    return PageOut[InvitedOut].of(Page(scope.invitations.waiting_for(me.user_id)), InvitedOut.of)


@invitations.post("/look", responses=problems(404))
def look(who: Identified, scope: ScopeDep, body: LinkIn) -> InvitedOut:
    """Return what the link of an invitation is about. Whoever holds the token has read the mail."""
    return InvitedOut.of(scope.invitations.shown_by(body.token))


@invitations.post("/accept", responses=problems(404))
def accept_link(me: Person, scope: ScopeDep, body: LinkIn, authenticator: AuthenticatorDep) -> WorkspaceOut:
    """Join by the link of the mail. It must be one's own address that it was sent to."""
    joined = scope.invitations.accept(me.user_id, token=body.token)
    authenticator.forget_all()
    return _joined(scope, me.user_id, joined)


@invitations.post("/decline", status_code=204, responses=problems(404))
def decline_link(me: Person, scope: ScopeDep, body: LinkIn) -> None:
    """Say no by the link of the mail."""
    scope.invitations.decline(me.user_id, token=body.token)


@invitations.post("/{invitation_id}/accept")
def accept(me: Person, scope: ScopeDep, invitation_id: str, authenticator: AuthenticatorDep) -> WorkspaceOut:
    """Join. One's mail address must be proven."""
    joined = scope.invitations.accept(me.user_id, public_id=decode_id(INVITATION, invitation_id))
    authenticator.forget_all()
    return _joined(scope, me.user_id, joined)


@invitations.post("/{invitation_id}/decline", status_code=204)
def decline(me: Person, scope: ScopeDep, invitation_id: str) -> None:
    """Say no."""
    scope.invitations.decline(me.user_id, public_id=decode_id(INVITATION, invitation_id))


def _joined(scope: Scope, user_id: int, workspace: Workspace) -> WorkspaceOut:
    return WorkspaceOut.of(scope.workspaces.membership(user_id, workspace.public_id))
