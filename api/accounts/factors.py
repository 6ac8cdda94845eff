"""Second factors: the second step of a sign-in, setting one up, proving oneself anew; and what admins may do."""

from starlette.requests import Request
from starlette.responses import Response

from api.accounts.factor_schemas import (
    CodeIn,
    EnrolmentOut,
    FactorOut,
    FactorRequireIn,
    RecoveryCodesOut,
    SecondStepIn,
    StepUpIn,
    StepUpOut,
)
from api.accounts.schemas import LoginOut
from api.context import context_of
from api.deps import Admin, AuthenticatorDep, BrowsersDep, FactorDeskDep, Person, RuntimeDep, ScopeDep, SignedIn, StepUp
from api.openapi import problems
from api.routing import router
from api.schemas import ReasonIn
from ccmanage.core.clock import MINUTE, SECOND
from ccmanage.core.ids import USER, decode_id

factor = router("/v1/auth", "auth")
user_factors = router("/v1/admin/users", "admin users")


@factor.post("/totp/verify", responses=problems(401, 429, 503))
async def verify(
    request: Request,
    response: Response,
    body: SecondStepIn,
    desk: FactorDeskDep,
    authenticator: AuthenticatorDep,
    browsers: BrowsersDep,
) -> LoginOut:
    """Finish a sign-in with a code of the authenticator, or with a recovery code, which is used up by it."""
    device = request.headers.get("user-agent", "")
    account, started = await desk.finish_sign_in(body.challenge, body.code, context_of(request), device)
    authenticator.set_cookies(response, started.token, started.session_public_id)
    mark = browsers.mark_of(request)
    browsers.remember(request, response, account.email, mark)
    await desk.note_browser(account, mark, context_of(request), device)
    return LoginOut.of(account, started)


@factor.post("/step-up", responses=problems(429))
async def prove(
    caller: SignedIn,
    request: Request,
    body: StepUpIn,
    desk: FactorDeskDep,
    authenticator: AuthenticatorDep,
    runtime: RuntimeDep,
) -> StepUpOut:
    """Prove who is acting, by password or code. Deeds of weight are open on this session for a while."""
    await desk.step_up(caller, body.password, body.code, context_of(request))
    authenticator.forget(caller.identity)
    return StepUpOut(expires_in=runtime.settings.step_up_minutes * MINUTE // SECOND)


@factor.get("/totp")
def totp(caller: SignedIn, scope: ScopeDep) -> FactorOut:
    """Return what one's second factor is like."""
    return FactorOut.of(scope.factors.state(caller.user_id))


@factor.post("/totp/enrol")
def enrol(caller: SignedIn, fresh: StepUp, scope: ScopeDep) -> EnrolmentOut:
    """Make a secret for an authenticator. It counts once a code of it was confirmed; an older one stays until then."""
    return EnrolmentOut.of(scope.factors.begin(caller.user_id))


@factor.post("/totp/confirm")
def confirm(
    caller: SignedIn, fresh: StepUp, scope: ScopeDep, body: CodeIn, authenticator: AuthenticatorDep
) -> RecoveryCodesOut:
    """Turn the new secret on, with a code of it. All other sessions end; the recovery codes are shown only here."""
    codes = scope.factors.confirm(caller.user_id, body.code, session_id=caller.identity.session_id)
    authenticator.forget_all()
    return RecoveryCodesOut(recovery_codes=codes)


@factor.post("/totp/recovery-codes")
def recovery_codes(caller: Person, fresh: StepUp, scope: ScopeDep) -> RecoveryCodesOut:
    """Replace all recovery codes. The new ones are shown in this answer and never again."""
    return RecoveryCodesOut(recovery_codes=scope.factors.renew_codes(caller.user_id))


@factor.post("/totp/disable", status_code=204)
def disable(caller: Person, fresh: StepUp, scope: ScopeDep) -> None:
    """Turn one's second factor off, unless it is demanded."""
    scope.factors.disable(caller.user_id)


@user_factors.post("/{user_id}/factor/reset")
def reset(
    caller: Admin, fresh: StepUp, scope: ScopeDep, user_id: str, body: ReasonIn, authenticator: AuthenticatorDep
) -> FactorOut:
    """Take away the second factor of somebody who lost it. All their sessions end."""
    person = decode_id(USER, user_id)
    scope.factors.reset(person, reason=body.reason)
    authenticator.forget_all()
    return FactorOut.of(scope.factors.state(scope.accounts.get(person).id))


@user_factors.get("/{user_id}/factor")
def factor_of(caller: Admin, scope: ScopeDep, user_id: str) -> FactorOut:
    """Return what a person's second factor is like."""
    return FactorOut.of(scope.factors.state(scope.accounts.get(decode_id(USER, user_id)).id))


@user_factors.post("/{user_id}/factor/require")
def require(
    caller: Admin,
    fresh: StepUp,
    scope: ScopeDep,
    user_id: str,
    body: FactorRequireIn,
    authenticator: AuthenticatorDep,
) -> FactorOut:
    """Demand a second factor of a person, or no longer. Without one they can only set it up."""
    person = decode_id(USER, user_id)
    scope.factors.require(person, body.required, reason=body.reason)
    authenticator.forget_all()
    return FactorOut.of(scope.factors.state(scope.accounts.get(person).id))
