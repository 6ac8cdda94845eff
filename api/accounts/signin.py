"""Signing in and changing the password: hashing happens between two short transactions, never inside one."""

from collections.abc import Callable
from typing import TypeVar

import anyio

from api.auth import Caller
from api.context import RequestContext
from api.places import Places, TooBusy
from ccmanage.accounts import rules
from ccmanage.accounts.errors import AccountSuspended, SignInRefused, SignInThrottled, WrongPassword
from ccmanage.accounts.service import Account, Credentials
from ccmanage.accounts.sessions import Started
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import SECOND
from ccmanage.core.errors import FieldError, InvalidInput

T = TypeVar("T")

_HASHED_AT_ONCE = 2
_WAITING = 32


class PasswordDesk:
    """Checks passwords in threads of its own, so that a flood of sign-ins holds up nobody else."""

    def __init__(self, runtime: Runtime, places: Places) -> None:
        self._runtime = runtime
        self._places = places
        self._hashing = anyio.CapacityLimiter(_HASHED_AT_ONCE)
        self._waiting = 0

    async def sign_in(self, email: str, password: str, context: RequestContext, device: str) -> tuple[Account, Started]:
        """Start a session; raises SignInRefused, SignInThrottled and AccountSuspended.

        An unknown address takes the same work and gets the same answer as a wrong password.
        """
        account = rules.normalise_email(email) or email
        throttle = self._runtime.throttle
        if wait_ms := throttle.wait_ms(account, context.address):
            raise SignInThrottled(-(-wait_ms // SECOND))
        who = await self._places.run(self._find, email)
        phc = who.password_hash if who else None
        matches = await self._hash(lambda: self._runtime.passwords.verify(password, phc))
        if who is None or not matches:
            throttle.failed(account, context.address)
            await self._places.run(self._note_refusal, who, context)
            raise SignInRefused
        if not who.is_active:
            raise AccountSuspended
        throttle.succeeded(account)
        better = await self._better_hash(phc, password)
        return await self._places.run(self._start, who, context, device, better)

    async def change_password(self, me: Caller, current: str, new: str, context: RequestContext) -> None:
        """Replace one's password and end all other sessions; raises WrongPassword, InvalidInput, SignInThrottled."""
        who = await self._places.run(self._credentials, me.user_id)
        throttle, account = self._runtime.throttle, who.email
        if wait_ms := throttle.wait_ms(account, context.address):
            raise SignInThrottled(-(-wait_ms // SECOND))
        if not await self._hash(lambda: self._runtime.passwords.verify(current, who.password_hash)):
            throttle.failed(account, context.address)
            sentence = "This is not your current password."
            raise WrongPassword(sentence, fields=[FieldError("/current_password", "password.wrong", sentence)])
        throttle.succeeded(account)
        phc = await self.new_hash(new, who.email, "/new_password")
        await self._places.run(self._store, me, phc, context)

    async def new_hash(self, password: str, email: str, pointer: str) -> str:
        """Hash a new password; raises InvalidInput if it is too short or too common."""
        faults = rules.password_faults(password, email=email)
        if faults:
            fields = [FieldError(pointer, fault.code, fault.detail) for fault in faults]
            raise InvalidInput(faults[0].detail, fields=fields)
        return await self._hash(lambda: self._runtime.passwords.hash(password))

    async def _hash(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise TooBusy
        self._waiting += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._hashing)
        finally:
            self._waiting -= 1

    async def _better_hash(self, phc: str | None, password: str) -> str | None:
        """Hash anew what was hashed with weaker settings: only now is the password at hand."""
        if phc is None or not self._runtime.passwords.needs_rehash(phc):
            return None
        return await self._hash(lambda: self._runtime.passwords.hash(password))

    def _find(self, email: str) -> Credentials | None:
        with self._runtime.read() as scope:
            return scope.accounts.find_credentials(email)

    def _credentials(self, user_id: int) -> Credentials:
        with self._runtime.read() as scope:
            return scope.accounts.credentials(user_id)

    def _note_refusal(self, who: Credentials | None, context: RequestContext) -> None:
        # Unknown addresses leave no row: whoever tries them could fill the table.
        if who is not None:
            with self._runtime.scope(Actor(0, context.request_id, context.address)) as scope:
                scope.sessions.refused(who)

    def _start(
        self, who: Credentials, context: RequestContext, device: str, better: str | None
    ) -> tuple[Account, Started]:
        with self._runtime.scope(Actor(who.user_id, context.request_id, context.address)) as scope:
            if better is not None:
                scope.accounts.replace_hash(who.user_id, better)
            started = scope.sessions.start(who, address=context.address, device=device)
            return scope.accounts.by_number(who.user_id), started

    def _store(self, me: Caller, phc: str, context: RequestContext) -> None:
        with self._runtime.scope(Actor(me.user_id, context.request_id, context.address)) as scope:
            scope.accounts.set_password(me.user_id, phc, keep_session=me.identity.session_id)
