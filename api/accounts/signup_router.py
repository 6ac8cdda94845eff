"""Registering, links from mails, forgotten passwords, and one's mail address."""

from starlette.requests import Request
from starlette.responses import Response

from api.accounts.signup_schemas import (
    AddressIn,
    AddressOut,
    ForgotIn,
    MailComingOut,
    RegisterIn,
    RegistrationOut,
    ResetIn,
    TokenIn,
)
from api.context import context_of
from api.deps import Arrived, AuthenticatorDep, BrowsersDep, Person, ScopeDep, SignupDeskDep, StepUp
from api.openapi import problems
from api.routing import router
from ccmanage.accounts.errors import TooManyMails
from ccmanage.accounts.registration import Wish

signup = router("/v1/auth", "auth")
address = router("/v1/me/address", "address")


@signup.get("/registration", responses=problems(503))
async def registration(desk: SignupDeskDep) -> RegistrationOut:
    """Return who may register here."""
    return RegistrationOut.of(await desk.rules())


@signup.post("/register", status_code=202, responses=problems(403, 503))
async def register(request: Request, body: RegisterIn, desk: SignupDeskDep) -> MailComingOut:
    """Register. The answer is the same whether the address is known or not: the rest stands in a mail.

    Whoever holds the link of an `invitation` may register with the address that it was sent to, whatever is set.
    """
    wish = Wish(
        body.email,
        body.name,
        locale=body.locale,
        time_zone=body.time_zone,
        terms_accepted=body.terms_accepted,
    )
    await desk.register(wish, body.password, context_of(request), body.invitation)
    return MailComingOut(status="check_mail")


@signup.post("/verify-email", status_code=204, responses=problems(503))
async def verify_email(request: Request, body: TokenIn, desk: SignupDeskDep, authenticator: AuthenticatorDep) -> None:
    """Prove by the link from the mail that the address is one's own."""
    await desk.verify(body.token, context_of(request))
    authenticator.forget_all()


@signup.post("/verify-email/resend", status_code=204)
def resend(caller: Arrived, scope: ScopeDep) -> None:
    """Send the mail with the link once more."""
    if not scope.registration.resend(caller.user_id):
        raise TooManyMails


@signup.post("/password/forgot", status_code=202, responses=problems(503))
async def forgot(request: Request, body: ForgotIn, desk: SignupDeskDep) -> MailComingOut:
    """Ask for a link to set a new password. The answer is the same whether the address is known or not."""
    await desk.forgot(body.email, context_of(request))
    return MailComingOut(status="check_mail")


@signup.post("/password/reset", status_code=204, responses=problems(503))
async def reset(
    request: Request,
    response: Response,
    body: ResetIn,
    desk: SignupDeskDep,
    authenticator: AuthenticatorDep,
    browsers: BrowsersDep,
) -> None:
    """Set a new password by the link from the mail. All sessions end; this browser is known from now on."""
    email = await desk.reset(body.token, body.password, request)
    browsers.remember(request, response, email, browsers.mark_of(request))
    authenticator.forget_all()


@signup.post("/address/confirm", status_code=204, responses=problems(409, 503))
async def confirm_address(
    request: Request, body: TokenIn, desk: SignupDeskDep, authenticator: AuthenticatorDep
) -> None:
    """Confirm a new mail address by the link that was sent there."""
    await desk.confirm_address(body.token, context_of(request))
    authenticator.forget_all()


@signup.post("/address/undo", status_code=204, responses=problems(409, 503))
async def undo_address(request: Request, body: TokenIn, desk: SignupDeskDep, authenticator: AuthenticatorDep) -> None:
    """Take a change of address back by the link that was sent to the old one. All sessions end."""
    await desk.undo_address(body.token, context_of(request))
    authenticator.forget_all()


@address.get("")
def get(caller: Person, scope: ScopeDep) -> AddressOut:
    """Return one's mail address, and the one that waits to be confirmed."""
    return AddressOut.of(scope.addresses.state(caller.user_id))


@address.post("", status_code=202)
async def change(
    caller: Person, fresh: StepUp, request: Request, body: AddressIn, desk: SignupDeskDep
) -> MailComingOut:
    """Ask for another mail address. It holds once the link that is sent there was opened."""
    await desk.ask_address(caller, body.email, context_of(request))
    return MailComingOut(status="check_mail")


@address.post("/cancel")
def cancel(caller: Person, scope: ScopeDep) -> AddressOut:
    """Think better of it: the address stays."""
    scope.addresses.cancel(caller.user_id)
    return AddressOut.of(scope.addresses.state(caller.user_id))
