"""People, for administrators."""

from typing import Annotated

from fastapi import Depends, Query

from api.accounts.factor_schemas import SessionOut, SessionsEndedOut
from api.accounts.people_schemas import AdminKeyOut, UserInviteIn, UserReactivateIn, UserRoleIn, UserSuspendIn
from api.accounts.schemas import ROLES_BY_NAME, AdminUserOut, MembershipOut, UserCreateIn
from api.deps import Admin, AuthenticatorDep, PageDep, PasswordDeskDep, ScopeDep, StepUp
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut, ReasonIn
from ccmanage.accounts.errors import InvitedTooOften
from ccmanage.accounts.rules import MAX_EMAIL
from ccmanage.accounts.values import NewAccount
from ccmanage.core.ids import USER, decode_id
from ccmanage.core.pagination import Page

users = router("/v1/admin/users", "admin users")


@users.get("")
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    email: Annotated[str | None, Query(max_length=MAX_EMAIL, description="The exact address.")] = None,
    domain: Annotated[str | None, Query(max_length=MAX_EMAIL, description="The exact domain of the address.")] = None,
) -> PageOut[AdminUserOut]:
    """List people, newest first. Addresses are encrypted, so they are found exactly, by domain, or not at all."""
    if email is not None:
        found = scope.accounts.find_by_email(email)
        return PageOut[AdminUserOut].of(Page([found] if found else []), AdminUserOut.of)
    return PageOut[AdminUserOut].of(scope.accounts.page(ask, domain=domain), AdminUserOut.of)


async def _new_account(caller: Admin, body: UserCreateIn, desk: PasswordDeskDep) -> NewAccount:
    """Hash the password before the transaction opens."""
    phc = await desk.new_hash(body.password, body.email, "/password", name=body.name)
    return NewAccount(body.email, body.name, phc, ROLES_BY_NAME[body.role])


@users.post("", status_code=201)
def create(caller: Admin, new: Annotated[NewAccount, Depends(_new_account)], scope: ScopeDep) -> AdminUserOut:
    """Create a person, with a personal workspace."""
    return AdminUserOut.of(scope.accounts.create(new))


@users.post("/invite", status_code=201)
def invite(caller: Admin, scope: ScopeDep, body: UserInviteIn) -> AdminUserOut:
    """Create a person without a password, and send them a link by which they choose one. It works for seven days."""
    new = NewAccount(body.email, body.name, None, ROLES_BY_NAME[body.role], locale=body.locale)
    return AdminUserOut.of(scope.registration.invite(new, caller.user_id))


@users.post("/{user_id}/invite-again", status_code=204, responses=problems(429))
def invite_again(caller: Admin, scope: ScopeDep, user_id: str) -> None:
    """Send the link once more, a new one. The old one is worth nothing from here on."""
    if not scope.registration.invite_again(decode_id(USER, user_id), caller.user_id):
        raise InvitedTooOften


@users.get("/{user_id}")
def get(caller: Admin, scope: ScopeDep, user_id: str) -> AdminUserOut:
    """Return a person."""
    return AdminUserOut.of(scope.accounts.get(decode_id(USER, user_id)))


@users.get("/{user_id}/workspaces")
def workspaces(caller: Admin, scope: ScopeDep, user_id: str, ask: PageDep) -> PageOut[MembershipOut]:
    """List the workspaces that a person belongs to, the newest first."""
    person = scope.accounts.get(decode_id(USER, user_id))
    return PageOut[MembershipOut].of(scope.workspaces.page_of(person.id, ask), MembershipOut.of)


@users.get("/{user_id}/keys")
def keys(caller: Admin, scope: ScopeDep, user_id: str, ask: PageDep) -> PageOut[AdminKeyOut]:
    """List the keys that a person made, in whatever workspace, the newest first."""
    page = scope.keys.page_made_by(scope.accounts.get(decode_id(USER, user_id)).id, ask)
    places = scope.workspaces.named(workspace_id for _, workspace_id in page.items)
    return PageOut[AdminKeyOut].of(page, lambda row: AdminKeyOut.of(row[0], places[row[1]]))


@users.get("/{user_id}/sessions")
def sessions(caller: Admin, scope: ScopeDep, user_id: str, ask: PageDep) -> PageOut[SessionOut]:
    """List a person's open sessions, the newest first."""
    page = scope.sessions.page_of(scope.accounts.get(decode_id(USER, user_id)).id, ask)
    mine = caller.identity.session_public_id
    return PageOut[SessionOut].of(page, lambda session: SessionOut.of(session, mine))


@users.post("/{user_id}/suspend")
def suspend(
    caller: Admin, scope: ScopeDep, user_id: str, body: UserSuspendIn, authenticator: AuthenticatorDep
) -> AdminUserOut:
    """Keep a person out: their sessions end; the keys that they made are revoked, or handed on in the same act.

    Handed to whom: an owner of the workspace that a key belongs to. Where nobody else owns it, it is revoked.
    """
    hands = body.keys == "hand_to_owners"
    account = scope.accounts.suspend(
        decode_id(USER, user_id), reason=body.reason, hand_keys=hands, revision=body.revision
    )
    authenticator.forget_all()
    return AdminUserOut.of(account)


@users.post("/{user_id}/reactivate")
def reactivate(caller: Admin, scope: ScopeDep, user_id: str, body: UserReactivateIn | None = None) -> AdminUserOut:
    """Let a suspended person sign in again. Their revoked keys stay revoked."""
    revision = body.revision if body else None
    return AdminUserOut.of(scope.accounts.reactivate(decode_id(USER, user_id), revision=revision))


@users.post("/{user_id}/role")
def set_role(
    caller: Admin, fresh: StepUp, scope: ScopeDep, user_id: str, body: UserRoleIn, authenticator: AuthenticatorDep
) -> AdminUserOut:
    """Make a person an administrator, or a user again. Their sessions end."""
    changed = scope.accounts.set_role(
        decode_id(USER, user_id), ROLES_BY_NAME[body.role], reason=body.reason, revision=body.revision
    )
    authenticator.forget_all()
    return AdminUserOut.of(changed)


@users.post("/{user_id}/end-sessions")
def end_sessions(
    caller: Admin, scope: ScopeDep, user_id: str, body: ReasonIn, authenticator: AuthenticatorDep
) -> SessionsEndedOut:
    """Sign a person out everywhere."""
    ended = scope.accounts.end_sessions(decode_id(USER, user_id), reason=body.reason)
    authenticator.forget_all()
    return SessionsEndedOut(ended=ended)
