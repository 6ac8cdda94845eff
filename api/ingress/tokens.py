"""Which gateway a token belongs to: asked once, remembered for less than two seconds."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import HOUR
from ccmanage.core.db import is_silent
from ccmanage.core.errors import Unavailable
from ccmanage.gateways.errors import TokenRefused
from ccmanage.gateways.service import GatewayIdentity

MAX_AGE_MS = 1_500
PATIENCE_SECONDS = 4.5
REMEMBER_MS = HOUR
_MAX_REMEMBERED = 10_000


class TokenCache:
    """Answers from memory; the whole header is the key, never a part of it."""

    def __init__(self, runtime: Runtime, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._runtime = runtime
        self._patience_seconds = patience_seconds
        self._known: dict[str, tuple[int, GatewayIdentity]] = {}
        self._asking: dict[str, asyncio.Future[GatewayIdentity]] = {}
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="gateway-tokens")

    async def identify(self, authorization: str) -> GatewayIdentity:
        """Return the gateway that a header speaks for; raises TokenRefused, Unavailable (in less than five seconds)."""
        now = self._runtime.clock.now_ms()
        found = self._known.get(authorization)
        if found is not None and 0 <= now - found[0] < MAX_AGE_MS:
            return found[1]
        asked = self._asking.get(authorization)
        if asked is None:
            asked = asyncio.ensure_future(self._ask(authorization, now))
            self._asking[authorization] = asked
            asked.add_done_callback(lambda done: self._answered(authorization, done))
        try:
            # Shielded: whoever asked first may go away while others wait for the same answer.
            return await asyncio.wait_for(asyncio.shield(asked), self._patience_seconds)
        except TimeoutError:
            raise _away() from None

    def remembered(self, authorization: str) -> GatewayIdentity | None:
        """Return whom a header spoke for within the last hour, for those who go on without the database."""
        found = self._known.get(authorization)
        if found is None or not 0 <= self._runtime.clock.now_ms() - found[0] < REMEMBER_MS:
            return None
        return found[1]

    def close(self) -> None:
        """Stop asking."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _answered(self, authorization: str, done: asyncio.Future[GatewayIdentity]) -> None:
        self._asking.pop(authorization, None)
        if not done.cancelled():
            done.exception()  # nobody may be left to hear of it

    async def _ask(self, authorization: str, now: int) -> GatewayIdentity:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenRefused
        identity = await asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, token.strip())
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[authorization] = (now, identity)
        return identity

    def _look_up(self, token: str) -> GatewayIdentity:
        try:
            return self._read(token)
        except OperationalError as error:
            # A connection that was closed while it lay idle is replaced; a server that is silent is not asked twice.
            if not error.connection_invalidated or is_silent(error):
                raise _away() from error
        except SQLAlchemyError as error:
            raise _away() from error
        try:
            return self._read(token)
        except SQLAlchemyError as error:
            raise _away() from error

    def _read(self, token: str) -> GatewayIdentity:
        with self._runtime.read() as scope:
            return scope.gateways.authenticate(token)


def _away() -> Unavailable:
    return Unavailable("The database is away. Nothing was stored; post again in a few seconds.")
