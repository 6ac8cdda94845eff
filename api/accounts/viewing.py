"""Looking at the portal as somebody else, read only."""

from starlette.requests import Request
from starlette.responses import Response

from api.accounts.people_schemas import ViewingStartedOut
from api.accounts.schemas import UserOut
from api.context import context_of
from api.deps import Admin, AuthenticatorDep, ScopeDep, SignedIn, StepUp
from api.openapi import problems
from api.routing import router
from api.schemas import ReasonIn
from ccmanage.core.ids import USER, decode_id

view_users = router("/v1/admin/users", "admin users")
view_as = router("/v1/auth/view-as", "auth")


@view_users.post("/{user_id}/view-as", status_code=201)
def start(  # noqa: PLR0913 - who asks, what for, and what the answer sets
    caller: Admin,
    fresh: StepUp,
    scope: ScopeDep,
    user_id: str,
    body: ReasonIn,
    request: Request,
    response: Response,
    authenticator: AuthenticatorDep,
) -> ViewingStartedOut:
    """Look at the portal as a person who is no administrator: read only, half an hour at most, on record.

    Nothing that is only the person's is shown: no sessions, tokens, factors or archives.
    """
    wanted = decode_id(USER, user_id)
    started = scope.viewings.start(
        caller.identity,
        wanted,
        reason=body.reason,
        address=context_of(request).address,
        device=request.headers.get("user-agent", ""),
    )
    if caller.by_cookie:
        authenticator.set_cookies(response, started.token, started.session_public_id)
    account = scope.accounts.get(wanted)
    return ViewingStartedOut(access_token=started.token, expires_at=started.expires_at, user=UserOut.of(account))


@view_as.post("/end", responses=problems(409))
def end(caller: SignedIn, scope: ScopeDep, response: Response, authenticator: AuthenticatorDep) -> ViewingStartedOut:
    """Stop looking as somebody, and be oneself again."""
    started = scope.viewings.end(caller.identity)
    authenticator.forget(caller.identity)
    if caller.by_cookie:
        authenticator.set_cookies(response, started.token, started.session_public_id)
    viewer = scope.accounts.by_number(caller.identity.viewer_user_id)
    return ViewingStartedOut(access_token=started.token, expires_at=started.expires_at, user=UserOut.of(viewer))
