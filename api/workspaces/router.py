"""The workspace that a request is about, and its members."""

from api.accounts.schemas import MEMBER_ROLES_BY_NAME
from api.deps import (
    AuthenticatorDep,
    PageDep,
    ScopeDep,
    WorkspaceCaller,
    WorkspaceManager,
    WorkspaceOwner,
    WorkspaceViewer,
)
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut
from api.workspaces.schemas import (
    CloseIn,
    HandOverIn,
    MemberOut,
    MemberRemoveIn,
    RoleIn,
    WorkspaceOut,
    WorkspaceUpdateIn,
)
from ccmanage.bootstrap import Scope
from ccmanage.core.errors import invalid
from ccmanage.core.ids import USER, decode_id
from ccmanage.workspaces.members import MemberView
from ccmanage.workspaces.models import MemberRole

workspace = router("/v1/workspace", "workspace")


@workspace.get("")
def get(me: WorkspaceViewer) -> WorkspaceOut:
    """Return the workspace, with one's role in it."""
    return WorkspaceOut.of(me.membership)


@workspace.patch("")
def update(
    me: WorkspaceOwner, scope: ScopeDep, body: WorkspaceUpdateIn, authenticator: AuthenticatorDep
) -> WorkspaceOut:
    """Rename the workspace."""
    renamed = scope.workspaces.rename(me.workspace_id, body.name)
    authenticator.forget_all()
    return WorkspaceOut.of(me.membership, name=renamed.name)


@workspace.post("/hand-over", responses=problems(404))
def hand_over(me: WorkspaceOwner, scope: ScopeDep, body: HandOverIn, authenticator: AuthenticatorDep) -> MemberOut:
    """Make another member the owner, at once. One stays as a manager."""
    taker = scope.members.hand_over(me.acting, decode_id(USER, body.user_id))
    authenticator.forget_all()
    return _shown(me, scope, taker)


@workspace.post("/close")
def close(me: WorkspaceOwner, scope: ScopeDep, body: CloseIn, authenticator: AuthenticatorDep) -> WorkspaceOut:
    """End a shared workspace for good: its keys are revoked, its subscription ends; what happened stays readable."""
    if body.name != me.membership.name:
        raise invalid("/name", "name.other", "This is not the name of the workspace.")
    scope.members.close(me.acting)
    authenticator.forget_all()
    return WorkspaceOut.of(scope.workspaces.membership(me.user_id, me.membership.public_id))


@workspace.get("/members")
def members(me: WorkspaceViewer, scope: ScopeDep, ask: PageDep) -> PageOut[MemberOut]:
    """List members, those who came last first."""
    page = scope.members.page(me.workspace_id, ask)
    keys = scope.keys.counts_of_makers(me.workspace_id, [member.account.id for member in page.items])
    return PageOut[MemberOut].of(
        page,
        lambda member: MemberOut.of(member, keys=keys.get(member.account.id, 0), shows_email=_sees_email(me, member)),
    )


@workspace.patch("/members/{user_id}")
def set_role(
    me: WorkspaceManager, scope: ScopeDep, user_id: str, body: RoleIn, authenticator: AuthenticatorDep
) -> MemberOut:
    """Give a member another role: managers up to their own, owners every one. A viewer keeps no keys."""
    changed = scope.members.set_role(me.acting, decode_id(USER, user_id), MEMBER_ROLES_BY_NAME[body.role])
    authenticator.forget_all()
    return _shown(me, scope, changed)


@workspace.post("/members/{user_id}/remove", status_code=204)
def remove(
    me: WorkspaceManager, scope: ScopeDep, user_id: str, body: MemberRemoveIn, authenticator: AuthenticatorDep
) -> None:
    """Take a member out. Their keys here are revoked, or become another member's, in the same act."""
    taker = decode_id(USER, body.reassign_keys_to) if body.reassign_keys_to is not None else None
    scope.members.remove(me.acting, decode_id(USER, user_id), taker)
    authenticator.forget_all()


def _shown(me: WorkspaceCaller, scope: Scope, member: MemberView) -> MemberOut:
    keys = scope.keys.counts_of_makers(me.workspace_id, [member.account.id])
    return MemberOut.of(member, keys=keys.get(member.account.id, 0), shows_email=_sees_email(me, member))


def _sees_email(me: WorkspaceCaller, member: MemberView) -> bool:
    return me.membership.role >= MemberRole.MANAGER or member.account.id == me.user_id
