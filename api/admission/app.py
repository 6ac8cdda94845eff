"""`POST /v1/keys/verify` as a plain ASGI application: gateways ask it before every call.

One decode, a look into the process's memory, a count where a limit asks for it. A framework's routing and
validation cost more than all of that.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from prometheus_client import Counter
from sqlalchemy.exc import OperationalError

from api.admission.answers import answer_body
from api.context import request_id_of
from api.errors import MalformedBody, UnsupportedMediaType, problem_of
from api.ingress.bodies import ClientGone, read_body
from api.ingress.tokens import TokenCache
from ccmanage.adapters.redis_counters import RedisCounters
from ccmanage.admission.cache import PATIENCE_SECONDS, SnapshotCache
from ccmanage.admission.rules import Ask, Code, Counts, Snapshot
from ccmanage.admission.verifying import Counting, Verifier
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import SECOND
from ccmanage.core.db import Database, is_silent
from ccmanage.core.errors import DomainError, Forbidden, Unavailable, invalid
from ccmanage.core.logging import get_logger
from ccmanage.core.metrics import VERIFY_ANSWERS
from ccmanage.core.money import parse_credits
from ccmanage.gateways.service import GatewayIdentity, GatewayScope
from ccmanage.keys.lookup import start_lives

log = get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

VERIFY_PATH = "/v1/keys/verify"
LEASE_SECONDS = 600
MAX_LEASE_SECONDS = 3_600
_READ_TIMEOUT_SECONDS = 2
_CONNECTIONS = 4
_AWAY_SECONDS = 1.0
_JSON = (b"content-type", b"application/json")
_PLACE = re.compile(r"(?: - at `\$\.?([\w.\[\]]*)`| field `(\w+)`)")


class VerifyBody(Struct, gc=False):
    """What a gateway asks. Members that are not named are dropped: newer gateways may say more."""

    api_key: Annotated[str, Meta(max_length=200)]
    model: Annotated[str, Meta(max_length=200)] | None = None
    ip: Annotated[str, Meta(max_length=64)] | None = None
    estimated_credits: Annotated[str, Meta(max_length=32)] | None = None
    lease_seconds: Annotated[int, Meta(ge=1, le=MAX_LEASE_SECONDS)] | None = None


_decode = msgspec.json.Decoder(VerifyBody).decode


class VerifyApp:
    """The process's answers to verify, with connections of their own. Start it in the server's loop."""

    def __init__(self, runtime: Runtime) -> None:
        own = None if runtime.settings.is_sqlite else runtime.settings.database_url
        # A database that hangs must cost no more than a moment: then the memory answers.
        self._database = (
            Database(own, pool_size=_CONNECTIONS, read_timeout=_READ_TIMEOUT_SECONDS, pre_ping=False)
            if own
            else runtime.database
        )
        self._owns_database = own is not None
        self._runtime = runtime.with_database(self._database)
        self._tokens = TokenCache(self._runtime, patience_seconds=PATIENCE_SECONDS)
        self._shared: RedisCounters | None = None
        self._verifier: Verifier | None = None
        self._away_until = 0.0

    def start(self) -> None:
        """Begin, in the running event loop."""
        runtime = self._runtime
        self._shared = RedisCounters(runtime.settings.redis_url) if runtime.settings.redis_url else None
        cache = SnapshotCache(self._read, runtime.clock)
        counting = Counting(self._shared, runtime.counters)
        self._verifier = Verifier(cache, counting, runtime.clock, runtime.digester, self._note_first_use)

    async def stop(self) -> None:
        """Let go of the connections."""
        if self._verifier is not None:
            self._verifier.close()
        self._tokens.close()
        if self._shared is not None:
            await self._shared.close()
        if self._owns_database:
            self._database.dispose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question."""
        try:
            body = await self._answer(dict(scope["headers"]), receive)
        except ClientGone:
            return
        except DomainError as error:
            response = problem_of(error, request_id_of(scope))
            await _send(send, response.status_code, list(response.raw_headers), bytes(response.body))
            return
        await _send(send, 200, [_JSON, (b"content-length", b"%d" % len(body))], body)

    async def identify(self, authorization: str, needed: GatewayScope) -> GatewayIdentity:
        """Return the gateway of a bearer token that has a scope; raises TokenRefused, Forbidden, Unavailable.

        While the database is away, whoever was known within the hour is still known.
        """
        loop = asyncio.get_running_loop()
        known = self._tokens.remembered(authorization) if loop.time() < self._away_until else None
        try:
            gateway = known or await self._tokens.identify(authorization)
        except Unavailable:
            self._away_until = loop.time() + _AWAY_SECONDS
            known = self._tokens.remembered(authorization)
            if known is None:
                raise
            gateway = known
        if needed.value not in gateway.scopes:
            raise Forbidden(f"This gateway's token lacks the scope {needed.value}.")
        return gateway

    async def release(self, leases: list[bytes]) -> int:
        """End calls under way; returns how many there were."""
        return await self._ready().release(leases)

    async def look(self, found: Snapshot) -> Counts:
        """Return what is counted of a key, counting nothing."""
        return await self._ready().look(found)

    async def _answer(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        await self.identify(headers.get(b"authorization", b"").decode("latin-1"), GatewayScope.KEYS_VERIFY)
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if media_type != b"application/json":
            raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
        asked = read_verify(await read_body(receive))
        estimate = _credits(asked.estimated_credits) if asked.estimated_credits is not None else None
        ask = Ask(asked.model or "", asked.ip or "", estimate)
        lease_ms = (asked.lease_seconds or LEASE_SECONDS) * SECOND
        answer = await self._ready().verify(asked.api_key, ask, lease_ms)
        _said(answer.verdict.code).inc()
        return answer_body(answer, self._runtime.clock.now_ms())

    def _ready(self) -> Verifier:
        if self._verifier is None:
            raise Unavailable("The server is starting. Ask again in a second.")
        return self._verifier

    def _read(self, digests: Sequence[bytes], now: int) -> Mapping[bytes, Snapshot]:
        """Read snapshots, in a thread. A connection that was closed while it lay idle is replaced."""
        try:
            return self._read_once(digests, now)
        except OperationalError as error:
            if not error.connection_invalidated or is_silent(error):
                raise
        return self._read_once(digests, now)

    def _read_once(self, digests: Sequence[bytes], now: int) -> Mapping[bytes, Snapshot]:
        with self._runtime.read() as scope:
            return self._runtime.snapshots.by_digest(scope.session.connection(), digests, now)

    def _note_first_use(self, found: Snapshot, now: int) -> None:
        with self._runtime.scope() as scope:
            start_lives(scope.session.connection(), [(found.key_id, now)])


@cache
def _said(code: Code) -> Counter:
    return VERIFY_ANSWERS.labels(code.value)


def read_verify(body: bytes) -> VerifyBody:
    """Read a question; raises MalformedBody, InvalidInput."""
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        pointer = "/" + (place[1] or place[2] or "") if place else ""
        raise invalid(pointer, "field.invalid", "This field is missing or is not of the right form.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedBody("The body is not JSON that can be read.") from None


def _credits(text: str) -> int:
    try:
        nano = parse_credits(text)
    except ValueError:
        nano = -1
    if nano < 0:
        sentence = 'Write credits as a decimal string that is not negative, such as "0.05".'
        raise invalid("/estimated_credits", "credits.invalid", sentence)
    return nano


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
