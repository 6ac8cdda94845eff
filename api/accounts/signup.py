"""What needs no session: registering, links from mails, forgotten passwords.

Nothing here tells whether an address is known: the same checks, the same hash, the same row, the same answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from starlette.requests import Request

from api.accounts.signin import PasswordDesk
from api.auth import Caller
from api.context import RequestContext, context_of
from api.places import Places
from ccmanage.accounts.proof_models import RequestKind
from ccmanage.accounts.registration import SETS_PASSWORD, Wish
from ccmanage.accounts.settings import REGISTRATION_DOMAINS, REGISTRATION_MODE, TERMS_URL
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime, Scope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may register, and the page of the terms that they must accept, if there are any."""

    mode: str
    domains: tuple[str, ...]
    terms_url: str


class SignupDesk:
    """Takes wishes in and links back; hashing happens outside every transaction."""

    def __init__(self, runtime: Runtime, places: Places, desk: PasswordDesk) -> None:
        self._runtime = runtime
        self._places = places
        self._desk = desk

    async def rules(self) -> Rules:
        """Return who may register, and what they must accept."""

        def read() -> Rules:
            with self._runtime.read() as scope:
                mode = scope.settings.get(REGISTRATION_MODE)
                domains = scope.settings.get(REGISTRATION_DOMAINS)
                return Rules(mode, domains if mode == "domain" else (), scope.settings.get(TERMS_URL))

        return await self._places.run(read)

    async def register(self, wish: Wish, password: str, context: RequestContext, invitation: str | None = None) -> None:
        """Take a registration in; raises what is wrong with it, never who is known."""

        def check() -> str:
            with self._runtime.read() as scope:
                invited = invitation is not None and scope.invitations.asks_in(invitation, wish.email)
                return scope.registration.check(wish, invited=invited)

        email = await self._places.run(check)
        phc = await self._desk.new_hash(password, email, "/password", name=wish.name)
        whole = replace(wish, email=email, password_hash=phc, address=context.address)
        await self._run(lambda scope: scope.registration.ask(RequestKind.REGISTER, whole), context)

    async def forgot(self, email: str, context: RequestContext) -> None:
        """Take in that somebody forgot their password."""
        await self._run(lambda scope: scope.registration.forgot(email), context)

    async def verify(self, token: str, context: RequestContext) -> None:
        """Believe an address; raises LinkDead."""
        await self._run(lambda scope: scope.registration.verify(token), context)

    async def reset(self, token: str, password: str, request: Request) -> str:
        """Replace a forgotten password; returns whose. Raises LinkDead and InvalidInput."""
        context, user_agent = context_of(request), request.headers.get("user-agent", "")

        def look(scope: Scope) -> tuple[str, str]:
            account = scope.accounts.opened(scope.proofs.look(token, *SETS_PASSWORD).user)
            return account.email, account.name

        email, name = await self._run(look, context)
        phc = await self._desk.new_hash(password, email, "/password", name=name)
        return await self._run(
            lambda scope: scope.registration.reset(token, phc, address=context.address, user_agent=user_agent), context
        )

    async def confirm_address(self, token: str, context: RequestContext) -> None:
        """Take a new address; raises LinkDead and EmailTaken."""
        await self._run(lambda scope: scope.addresses.confirm(token), context)

    async def undo_address(self, token: str, context: RequestContext) -> None:
        """Give an old address back; raises LinkDead and EmailTaken."""
        await self._run(lambda scope: scope.addresses.undo(token), context)

    async def ask_address(self, me: Caller, email: str, context: RequestContext) -> None:
        """Take in that somebody wants another address. That it is them was asked before."""
        await self._run(lambda scope: scope.registration.ask_address(me.user_id, email), context, me.user_id)

    async def _run(self, work: Callable[[Scope], T], context: RequestContext, user_id: int = 0) -> T:
        actor = Actor(user_id, context.request_id, context.address)
        return await self._places.run(self._runtime.run, work, actor)
