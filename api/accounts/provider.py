"""Signing in at an identity provider: there and back again by the browser."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.accounts.signin import Visitor
from api.auth import Authenticator, Caller
from api.context import context_of
from api.deps import AuthenticatorDep, BrowsersDep, PlacesDep, RuntimeDep
from api.openapi import problems
from api.routing import router
from api.schemas import Out
from ccmanage.accounts.challenges import Challenge
from ccmanage.accounts.models import SessionMethod
from ccmanage.accounts.provider_errors import NoProvider, ProviderRefused
from ccmanage.accounts.provider_rules import Profile
from ccmanage.accounts.sessions import Started
from ccmanage.accounts.settings import PASSWORD_ENABLED
from ccmanage.accounts.values import Account
from ccmanage.adapters.oidc_client import TICKET_MS, OidcClient, Ticket
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import SECOND
from ccmanage.core.crypto import CannotDecrypt
from ccmanage.core.errors import DomainError
from ccmanage.core.ids import USER, encode_id

provider = router("/v1/auth", "auth")

COOKIE = "ccm_oidc"
_PATH = "/v1/auth/oidc"
_PLACE = "oidc.ticket:cookie"
_MAX_TARGET = 500


class ProviderOut(Out):
    """The identity provider that people can sign in at: `GET start` in a browser begins it."""

    name: str
    start: str


class MethodsOut(Out):
    """How one can sign in here."""

    passwords: bool
    provider: ProviderOut | None


async def _client(runtime: RuntimeDep) -> OidcClient:
    if runtime.oidc is None:
        raise NoProvider
    return runtime.oidc


ClientDep = Annotated[OidcClient, Depends(_client)]


@provider.get("/methods", responses=problems(429, 503))
async def methods(runtime: RuntimeDep, places: PlacesDep) -> MethodsOut:
    """Return how one can sign in: with a password, at an identity provider, or both."""
    offered = None
    if runtime.oidc is not None:
        offered = ProviderOut(name=runtime.settings.oidc_name, start=f"{_PATH}/start")
    return MethodsOut(passwords=await places.run(_password_enabled, runtime), provider=offered)


@provider.get("/oidc/start", status_code=303, response_class=RedirectResponse, responses=problems(404, 422, 429, 503))
async def oidc_start(
    client: ClientDep,
    runtime: RuntimeDep,
    redirect: Annotated[str, Query(max_length=_MAX_TARGET, description="Where in the portal to go afterwards.")] = "/",
    prompt: Annotated[Literal["login"] | None, Query(description="`login`: prove anew who one is.")] = None,
) -> RedirectResponse:
    """Send a browser to the identity provider. The cookie that it gets must come back with it."""
    url, ticket = await run_in_threadpool(client.begin, _inside(redirect), fresh=prompt is not None)
    answer = RedirectResponse(url, 303)
    give_ticket(runtime, answer, ticket)
    return answer


def give_ticket(runtime: Runtime, answer: Response, ticket: Ticket) -> None:
    """Let the browser hold what it must bring back."""
    sealed = base64.urlsafe_b64encode(runtime.ring.encrypt(json.dumps(asdict(ticket)), _PLACE)).decode()
    answer.set_cookie(
        COOKIE,
        sealed,
        max_age=TICKET_MS // SECOND,
        path=_PATH,
        httponly=True,
        secure=runtime.settings.public_url.startswith("https://"),
        samesite="lax",
    )


@provider.get("/oidc/callback", status_code=303, response_class=RedirectResponse, responses=problems(404, 429))
async def oidc_callback(
    request: Request,
    client: ClientDep,
    runtime: RuntimeDep,
    places: PlacesDep,
    authenticator: AuthenticatorDep,
    browsers: BrowsersDep,
) -> RedirectResponse:
    """Take a browser back from the identity provider, and let its person in. Always answers with a page to go to.

    Where the person was signed in and asked for it, what they are called at the provider is linked to their account.
    """
    back = "/sign-in"
    try:
        ticket = _opened(runtime, request.cookies.get(COOKIE, ""))
        back = ticket.target if ticket.links else back
        profile = await run_in_threadpool(client.finish, ticket, dict(request.query_params))
        if ticket.links:
            me = await _whoever_asked(request, authenticator, ticket)
            await places.run(_link, runtime, me.actor(*_origin(request)), profile)
            return _without_ticket(RedirectResponse(f"{ticket.target}?linked=", 303))
        account, begun = await places.run(
            _let_in, runtime, profile, Visitor.of(request, browsers.mark_of(request), None)
        )
    except DomainError as error:
        return _without_ticket(RedirectResponse(f"{back}?{urlencode({'problem': error.code})}", 303))
    if isinstance(begun, Challenge):
        # Behind the hash it reaches no server and no log.
        back = urlencode({"redirect": ticket.target})
        return _without_ticket(RedirectResponse(f"/sign-in?{back}#challenge={begun.token}", 303))
    answer = _without_ticket(RedirectResponse(ticket.target, 303))
    authenticator.set_cookies(answer, begun.token, begun.session_public_id)
    browsers.remember(request, answer, account.email, browsers.mark_of(request))
    return answer


async def _whoever_asked(request: Request, authenticator: Authenticator, ticket: Ticket) -> Caller:
    """Return who is signed in; it must be who began, or a name would open somebody else's account."""
    caller = await authenticator.identify(request)
    if caller is None or encode_id(USER, caller.identity.user_public_id) != ticket.links:
        raise ProviderRefused
    return caller


def _link(runtime: Runtime, actor: Actor, profile: Profile) -> None:
    with runtime.scope(actor) as scope:
        scope.providers.link(actor.user_id, profile)


def _origin(request: Request) -> tuple[str, str]:
    context = context_of(request)
    return context.request_id, context.address


def _password_enabled(runtime: Runtime) -> bool:
    with runtime.read() as scope:
        return runtime.oidc is None or scope.settings.get(PASSWORD_ENABLED)


def _let_in(runtime: Runtime, profile: Profile, visitor: Visitor) -> tuple[Account, Started | Challenge]:
    context = visitor.context

    def work(actor: Actor) -> tuple[Account, Started | Challenge]:
        with runtime.scope(actor) as scope:
            who = scope.providers.let_in(profile)
            account = scope.accounts.by_number(who.user_id)
            if scope.factors.is_on(who.user_id) and not profile.is_strong:
                return account, scope.challenges.open(who, device=visitor.user_agent)
            scope.browsers.signed_in(
                account, mark=visitor.browser, address=context.address, user_agent=visitor.user_agent
            )
            method = SessionMethod.PROVIDER_FACTOR if profile.is_strong else SessionMethod.PROVIDER
            started = scope.sessions.start(who, address=context.address, device=visitor.user_agent, method=method)
            return account, started

    return work(Actor(0, context.request_id, context.address))


def _opened(runtime: Runtime, cookie: str) -> Ticket:
    try:
        found: Mapping[str, object] = json.loads(runtime.ring.decrypt(base64.urlsafe_b64decode(cookie), _PLACE))
    except (CannotDecrypt, ValueError) as error:
        raise ProviderRefused from error
    return Ticket(**found)  # type: ignore[arg-type]


def _inside(target: str) -> str:
    """Return an address inside of the portal, whatever was asked for."""
    good = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if good and "\\" not in target else "/"


def _without_ticket(answer: RedirectResponse) -> RedirectResponse:
    answer.delete_cookie(COOKIE, path=_PATH)
    return answer
