"""Signing in and changing the password: hashing happens between two short transactions, never inside one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request

from api.accounts.hashing import HashingRoom
from api.auth import Caller
from api.context import RequestContext, context_of
from api.places import Places
from ccmanage.accounts import passwords, rules
from ccmanage.accounts.challenges import Challenge
from ccmanage.accounts.errors import (
    AccountSuspended,
    CountsAway,
    SignInRefused,
    SignInThrottled,
    WrongPassword,
)
from ccmanage.accounts.factor_errors import CodeRefused, WrongCode
from ccmanage.accounts.provider_errors import PasswordOff
from ccmanage.accounts.sessions import Started
from ccmanage.accounts.settings import PASSWORD_ENABLED
from ccmanage.accounts.throttle import Attempt
from ccmanage.accounts.values import Account, Credentials
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import SECOND
from ccmanage.core.errors import FieldError

# The answer has left by then.
_AFTER_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a sign-in comes from: `browser` is the mark it will have, `known` the one by which the person is known."""

    context: RequestContext
    user_agent: str
    browser: str
    known: str | None

    @classmethod
    def of(cls, request: Request, browser: str, known: str | None) -> "Visitor":
        """Read it off a request."""
        return cls(context_of(request), request.headers.get("user-agent", ""), browser, known)


class PasswordDesk:
    """Checks passwords: slow for whoever guesses, the same work whether an address is known or not."""

    def __init__(self, runtime: Runtime, places: Places) -> None:
        self._runtime = runtime
        self._places = places
        self.hashing = HashingRoom()
        self._later: set[asyncio.Task[None]] = set()

    async def sign_in(self, email: str, password: str, visitor: Visitor) -> tuple[Account, Started | Challenge]:
        """Start a session, or ask for a code; raises SignInRefused, SignInThrottled, AccountSuspended, CountsAway."""
        attempt = Attempt(rules.normalise_email(email) or email.lower(), visitor.context.address, visitor.known)
        async with self.counted(attempt):
            who = await self._places.run(self._find, email)
            if not await self._matches(password, who):
                if who is not None:
                    self._after_the_answer(partial(self._note_refusal, who, visitor.context))
                raise SignInRefused
        if who is None:
            raise SignInRefused
        if not who.is_active:
            raise AccountSuspended
        if who.is_admin and not self._runtime.throttle.is_certain:
            # Without the counts of all processes, guessing at an administrator would be too cheap.
            raise CountsAway
        better = await self._better_hash(who.password_hash, password)
        return await self._places.run(self._start, who, visitor, better)

    async def check(self, me: Caller, password: str, context: RequestContext, pointer: str) -> Credentials:
        """Ask a signed-in person for their password again; raises WrongPassword and SignInThrottled."""
        who = await self._places.run(self._credentials, me.user_id)
        # Counted by the session, so that strangers who guess cannot keep the person from it.
        attempt = Attempt(who.email, context.address, known=f"session {me.identity.session_id}")
        async with self.counted(attempt):
            if not await self._matches(password, who):
                sentence = "This is not your current password."
                raise WrongPassword(sentence, fields=[FieldError(pointer, "password.wrong", sentence)])
        return who

    async def change_password(self, me: Caller, current: str, new: str, request: Request) -> None:
        """Replace one's password, end all other sessions, tell the owner.

        Raises WrongPassword, InvalidInput and SignInThrottled.
        """
        context = context_of(request)
        who = await self.check(me, current, context, "/current_password")
        phc = await self.new_hash(new, who.email, "/new_password", name=who.name)
        await self._places.run(self._store, me, phc, context, request.headers.get("user-agent", ""))

    async def new_hash(self, password: str, email: str, pointer: str, *, name: str = "") -> str:
        """Hash a new password; raises InvalidInput if it is too short or too common."""
        passwords.require_good(password, pointer, email=email, name=name)
        return await self.hashing.run(lambda: self._runtime.passwords.hash(password))

    async def drain(self) -> None:
        """Wait for what is done after answers."""
        while self._later:
            await asyncio.wait(set(self._later))

    async def close(self) -> None:
        """Finish what was begun."""
        await self.drain()
        self.hashing.close()

    def counted(self, attempt: Attempt) -> "_Counted":
        """Count an attempt that is made inside, unless it proves right; raises SignInThrottled."""
        return _Counted(self._runtime, attempt)

    async def _matches(self, password: str, who: Credentials | None) -> bool:
        phc = who.password_hash if who else None
        return await self.hashing.run(lambda: self._runtime.passwords.verify(password, phc))

    async def _better_hash(self, phc: str | None, password: str) -> str | None:
        """Hash anew what was hashed with weaker settings: only now is the password at hand."""
        if phc is None or not self._runtime.passwords.needs_rehash(phc):
            return None
        return await self.hashing.run(lambda: self._runtime.passwords.hash(password))

    def _after_the_answer(self, work: Callable[[], None]) -> None:
        """Do what only a known address needs when its time can no longer be measured."""

        async def later() -> None:
            await asyncio.sleep(_AFTER_SECONDS)
            await self._places.run(work)

        task = asyncio.get_running_loop().create_task(later())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _find(self, email: str) -> Credentials | None:
        with self._runtime.read() as scope:
            who = scope.accounts.find_credentials(email)
            if not self._is_open_to(email, who, enabled=scope.settings.get(PASSWORD_ENABLED)):
                raise PasswordOff
            return who

    def _is_open_to(self, email: str, who: Credentials | None, *, enabled: bool) -> bool:
        """Tell whether a password may open this account: where passwords are off, only those for emergencies."""
        settings = self._runtime.settings
        if enabled or not settings.oidc_issuer:
            return True
        kept = settings.break_glass_emails or (settings.admin_email,)
        named = rules.normalise_email(email) in {rules.normalise_email(one) for one in kept if one}
        return named and who is not None and who.is_admin

    def _credentials(self, user_id: int) -> Credentials:
        with self._runtime.read() as scope:
            return scope.accounts.credentials(user_id)

    def _note_refusal(self, who: Credentials, context: RequestContext) -> None:
        # Unknown addresses leave no row: whoever tries them could fill the table.
        self._runtime.run(lambda scope: scope.sessions.refused(who), Actor(0, context.request_id, context.address))

    def _start(self, who: Credentials, visitor: Visitor, better: str | None) -> tuple[Account, Started | Challenge]:
        context = visitor.context
        with self._runtime.scope(Actor(who.user_id, context.request_id, context.address)) as scope:
            if better is not None:
                scope.accounts.replace_hash(who.user_id, better)
            account = scope.accounts.by_number(who.user_id)
            if scope.factors.is_on(who.user_id):
                return account, scope.challenges.open(who, device=visitor.user_agent)
            scope.browsers.signed_in(
                account, mark=visitor.browser, address=context.address, user_agent=visitor.user_agent
            )
            return account, scope.sessions.start(who, address=context.address, device=visitor.user_agent)

    def _store(self, me: Caller, phc: str, context: RequestContext, user_agent: str) -> None:
        with self._runtime.scope(Actor(me.user_id, context.request_id, context.address)) as scope:
            scope.accounts.set_password(me.user_id, phc, keep_session=me.identity.session_id)
            account = scope.accounts.by_number(me.user_id)
            scope.letters.password_changed(account, address=context.address, user_agent=user_agent, once=phc)


class _Counted:
    """An attempt at a password: refused while it must wait, counted, and taken back unless it was wrong."""

    def __init__(self, runtime: Runtime, attempt: Attempt) -> None:
        self._throttle = runtime.throttle
        self._attempt = attempt

    async def __aenter__(self) -> None:
        # Counting may ask Redis: in a thread, not on the event loop.
        wait_ms = await asyncio.to_thread(self._admit)
        if wait_ms:
            raise SignInThrottled(-(-wait_ms // SECOND))

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if kind is None:
            await asyncio.to_thread(self._throttle.succeeded, self._attempt)
        elif isinstance(error, SignInRefused | WrongPassword | CodeRefused | WrongCode):
            await asyncio.to_thread(self._throttle.failed, self._attempt)
        else:
            await asyncio.shield(asyncio.to_thread(self._throttle.undone, self._attempt))

    def _admit(self) -> int:
        wait_ms = self._throttle.wait_ms(self._attempt)
        if not wait_ms:
            self._throttle.begin(self._attempt)
        return wait_ms
