"""Signing in and out, and oneself."""

from starlette.requests import Request
from starlette.responses import Response

from api.accounts.schemas import (
    ChallengeOut,
    LoginIn,
    LoginOut,
    MembershipOut,
    MeOut,
    PasswordIn,
    ProfileIn,
    UserOut,
    ViewingOut,
)
from api.accounts.signin import Visitor
from api.auth import Caller
from api.deps import Arrived, AuthenticatorDep, BrowsersDep, PasswordDeskDep, Person, ScopeDep
from api.openapi import problems
from api.routing import router
from ccmanage.accounts.challenges import Challenge
from ccmanage.accounts.rules import normalise_email
from ccmanage.accounts.values import ProfileChange
from ccmanage.bootstrap import Scope

auth = router("/v1/auth", "auth")
me = router("/v1/me", "me")


@auth.post("/login", responses=problems(401, 403, 429, 503))
async def login(
    request: Request,
    response: Response,
    body: LoginIn,
    desk: PasswordDeskDep,
    authenticator: AuthenticatorDep,
    browsers: BrowsersDep,
) -> LoginOut | ChallengeOut:
    """Sign in with address and password. Sets the portal's cookies and returns a bearer token for machines.

    Where the person has a second factor, the answer is a `challenge`: send it with a code to `/v1/auth/totp/verify`.
    """
    known_as = normalise_email(body.email) or ""
    visitor = Visitor.of(request, browsers.mark_of(request), browsers.mark_for(request, known_as))
    account, begun = await desk.sign_in(body.email, body.password, visitor)
    if isinstance(begun, Challenge):
        return ChallengeOut.of(begun)
    authenticator.set_cookies(response, begun.token, begun.session_public_id)
    browsers.remember(request, response, account.email, visitor.browser)
    return LoginOut.of(account, begun)


@auth.post("/logout", status_code=204)
def logout(caller: Arrived, scope: ScopeDep, response: Response, authenticator: AuthenticatorDep) -> None:
    """End the session. The token is worth nothing from here on."""
    scope.sessions.end(caller.identity)
    authenticator.forget(caller.identity)
    authenticator.clear_cookies(response)


@me.get("")
def get(caller: Arrived, scope: ScopeDep) -> MeOut:
    """Return who is signed in, with the workspaces they belong to, and what must be done before anything else."""
    account = scope.accounts.by_number(caller.user_id)
    workspaces = [MembershipOut.of(membership) for membership in scope.workspaces.list_of(caller.user_id)]
    return MeOut(
        **dict(UserOut.of(account)),
        workspaces=workspaces,
        viewing=_viewing(caller, scope),
        must_enrol=caller.identity.must_enrol,
        has_password=scope.accounts.credentials(caller.user_id).password_hash is not None,
    )


@me.patch("")
def update(caller: Person, scope: ScopeDep, body: ProfileIn) -> UserOut:
    """Change one's name, language or time zone."""
    change = ProfileChange(name=body.name, locale=body.locale, time_zone=body.time_zone)
    return UserOut.of(scope.accounts.update_profile(caller.user_id, change))


@me.post("/password", status_code=204, responses=problems(429))
async def password(
    caller: Person, request: Request, body: PasswordIn, desk: PasswordDeskDep, authenticator: AuthenticatorDep
) -> None:
    """Change one's password. All other sessions end."""
    await desk.change_password(caller, body.current_password, body.new_password, request)
    authenticator.forget_all()


def _viewing(caller: Caller, scope: Scope) -> ViewingOut | None:
    viewing = scope.viewings.shown(caller.identity)
    if viewing is None:
        return None
    return ViewingOut(by=scope.accounts.by_number(viewing.viewer_user_id).name, expires_at=viewing.expires_at)
