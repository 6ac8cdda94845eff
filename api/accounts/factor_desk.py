"""The second step of a sign-in, and proofs of who is acting. Wrong codes are counted whatever the answer."""

from api.accounts.signin import PasswordDesk
from api.auth import Caller
from api.context import RequestContext
from api.places import Places
from ccmanage.accounts.factor_errors import CodeRefused, StepUpUnproven
from ccmanage.accounts.factors import wrong_code
from ccmanage.accounts.sessions import Started
from ccmanage.accounts.throttle import Attempt
from ccmanage.accounts.values import Account
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.ids import USER, decode_id


class FactorDesk:
    """Checks codes in transactions of its own: a refusal must not undo its own count."""

    def __init__(self, runtime: Runtime, places: Places, passwords: PasswordDesk) -> None:
        self._runtime = runtime
        self._places = places
        self._passwords = passwords

    async def finish_sign_in(
        self, challenge: str, code: str, context: RequestContext, device: str
    ) -> tuple[Account, Started]:
        """Start the session whose password was right before; raises ChallengeOver, CodeRefused, CodesThrottled."""
        subject = self._runtime.challenge_tokens.verify(challenge, self._runtime.clock.now_ms()).subject
        # Codes of one person are slowed down in their row too; this one slows down whoever tries many people's.
        async with self._passwords.counted(Attempt(f"code {subject}", context.address)):
            who, started = await self._places.run(self._answer, subject, (challenge, code), context, device)
            if started is None:
                raise CodeRefused
        return who, started

    async def note_browser(self, account: Account, mark: str, context: RequestContext, device: str) -> None:
        """Remember where somebody signed in from; they are told by mail of a new place."""

        def note(scope: Scope) -> None:
            scope.browsers.signed_in(account, mark=mark, address=context.address, user_agent=device)

        actor = Actor(account.id, context.request_id, context.address)
        await self._places.run(self._runtime.run, note, actor)

    async def step_up(self, me: Caller, password: str | None, code: str | None, context: RequestContext) -> None:
        """Note on the session that its person proved who they are.

        Raises WrongPassword, WrongCode, SignInThrottled, CodesThrottled, StepUpUnproven.
        """
        if password is not None:
            await self._passwords.check(me, password, context, "/password")
        elif code is None or not await self._places.run(self._has_factor, me):
            raise StepUpUnproven
        elif not await self._places.run(self._check, me, code, context):
            raise wrong_code("This code is not right, or was used already. Wait for the next one.")
        await self._places.run(self._prove, me, context)

    def _answer(
        self, subject: str, answer: tuple[str, str], context: RequestContext, device: str
    ) -> tuple[Account, Started | None]:
        with self._runtime.read() as scope:
            account = scope.accounts.get(decode_id(USER, subject))
        with self._runtime.scope(Actor(account.id, context.request_id, context.address)) as scope:
            return account, scope.challenges.answer(*answer, address=context.address, device=device)

    def _has_factor(self, me: Caller) -> bool:
        with self._runtime.read() as scope:
            return scope.factors.is_on(me.user_id)

    def _check(self, me: Caller, code: str, context: RequestContext) -> bool:
        with self._runtime.scope(Actor(me.user_id, context.request_id, context.address)) as scope:
            return scope.factors.check(me.user_id, code)

    def _prove(self, me: Caller, context: RequestContext) -> None:
        with self._runtime.scope(Actor(me.user_id, context.request_id, context.address)) as scope:
            scope.sessions.prove(me.identity)
