"""People, for administrators."""

from typing import Annotated

from fastapi import Depends, Query

from api.accounts.schemas import AdminUserOut, UserCreateIn
from api.deps import Admin, AuthenticatorDep, PageDep, PasswordDeskDep, ScopeDep
from api.routing import router
from api.schemas import PageOut, ReasonIn
from ccmanage.accounts.models import Role
from ccmanage.accounts.rules import MAX_EMAIL
from ccmanage.accounts.service import NewAccount
from ccmanage.core.ids import USER, decode_id
from ccmanage.core.pagination import Page

users = router("/v1/admin/users", "admin users")


@users.get("")
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    email: Annotated[str | None, Query(max_length=MAX_EMAIL, description="The exact address.")] = None,
) -> PageOut[AdminUserOut]:
    """List people, newest first. Addresses are encrypted, so they are found exactly or not at all."""
    if email is not None:
        found = scope.accounts.find_by_email(email)
        return PageOut[AdminUserOut].of(Page([found] if found else []), AdminUserOut.of)
    return PageOut[AdminUserOut].of(scope.accounts.page(ask), AdminUserOut.of)


async def _new_account(caller: Admin, body: UserCreateIn, desk: PasswordDeskDep) -> NewAccount:
    """Hash the password before the transaction opens."""
    phc = await desk.new_hash(body.password, body.email, "/password", name=body.name)
    role = Role.ADMIN if body.role == "admin" else Role.USER
    return NewAccount(body.email, body.name, phc, role)


@users.post("", status_code=201)
def create(caller: Admin, new: Annotated[NewAccount, Depends(_new_account)], scope: ScopeDep) -> AdminUserOut:
    """Create a person, with a personal workspace."""
    return AdminUserOut.of(scope.accounts.create(new))


@users.get("/{user_id}")
def get(caller: Admin, scope: ScopeDep, user_id: str) -> AdminUserOut:
    """Return a person."""
    return AdminUserOut.of(scope.accounts.get(decode_id(USER, user_id)))


@users.post("/{user_id}/suspend")
def suspend(
    caller: Admin, scope: ScopeDep, user_id: str, body: ReasonIn, authenticator: AuthenticatorDep
) -> AdminUserOut:
    """Keep a person out: their sessions end, the keys that they made are revoked."""
    account = scope.accounts.suspend(decode_id(USER, user_id), reason=body.reason)
    authenticator.forget_all()
    return AdminUserOut.of(account)


@users.post("/{user_id}/reactivate")
def reactivate(caller: Admin, scope: ScopeDep, user_id: str) -> AdminUserOut:
    """Let a suspended person sign in again. Their revoked keys stay revoked."""
    return AdminUserOut.of(scope.accounts.reactivate(decode_id(USER, user_id)))
