"""`POST /v1/events` as a plain ASGI application: nothing between the socket and the waiting room.

A framework's routing, validation and dependency injection cost more than everything this has to do. One decode,
one row in the waiting room, one future; the answer is sent after the commit of the group.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException

from api.context import request_id_of
from api.ingress.answers import Answer, accepted, failure, settled
from api.ingress.bodies import ClientGone, decode_body, read_body, read_post
from api.ingress.tokens import TokenCache
from api.ingress.waiters import Waiters
from ccmanage.bootstrap import Runtime
from ccmanage.core import metrics
from ccmanage.core.db import Database
from ccmanage.core.errors import DomainError, Forbidden, Unavailable, invalid
from ccmanage.core.ids import new_id
from ccmanage.core.logging import get_logger
from ccmanage.gateways.service import GatewayIdentity, GatewayScope
from ccmanage.usage.errors import BodyTooLarge
from ccmanage.usage.inbox import InboxWriter, NewBatch, Result
from ccmanage.usage.intake import Post, Rules
from ccmanage.usage.models import BatchKind
from ccmanage.usage.records import encode_payload, encode_rejections, join_ids

log = get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DEADLINE_SECONDS = 4.5
MAX_WAIT_SECONDS = 30.0
_SWEEP_SECONDS = 0.25
_READ_TIMEOUT_SECONDS = 4
Ticket = asyncio.Future[None]


@dataclass(slots=True)
class Head:
    """What a request says before its body."""

    authorization: str = ""
    content_type: str = ""
    encoding: str = ""
    query: bytes = b""
    request_id: str = ""


class Ingress:
    """The process's intake: its own connections, one writer, a waiting room. Start it in the server's loop."""

    def __init__(self, runtime: Runtime) -> None:
        own = None if runtime.settings.is_sqlite else runtime.settings.database_url
        # A hanging database must cost posts no more than their deadline, whatever the rest of the process does.
        self._database = (
            Database(own, pool_size=3, read_timeout=_READ_TIMEOUT_SECONDS, pre_ping=False) if own else runtime.database
        )
        self._owns_database = own is not None
        self._runtime = runtime.with_database(self._database)
        self._writer = InboxWriter(self._database, runtime.queue, runtime.clock, self._deliver)
        self._tokens = TokenCache(self._runtime)
        self._waiters = Waiters(self._runtime)
        self._deadlines: deque[tuple[float, NewBatch, Ticket]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._accepted = metrics.EVENTS_RECEIVED.labels("accepted")
        self._rejected = metrics.EVENTS_RECEIVED.labels("rejected")

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._writer.start()
        self._sweeper = self._loop.create_task(self._sweep())

    def stop(self) -> None:
        """Write what waits and let go of the connections."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._writer.stop()
        self._tokens.close()
        self._waiters.close()
        if self._owns_database:
            self._database.dispose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one post and answer it."""
        head = _read_head(scope)
        try:
            answer = await self._answer(head, receive)
        except ClientGone:
            return
        except DomainError as error:
            metrics.POSTS_REFUSED.labels(error.code).inc()
            answer = failure(error, head.request_id)
        except HTTPException:  # the edge counts bytes too, and was first
            answer = failure(BodyTooLarge(), head.request_id)
        except Exception:
            log.exception("ingress_failed", request_id=head.request_id)
            metrics.POSTS_REFUSED.labels("internal").inc()
            answer = failure(Unavailable("Something went wrong on our side. Post again later."), head.request_id)
        await send(answer.start)
        await send(answer.body)

    async def identify(self, authorization: str, needed: GatewayScope) -> GatewayIdentity:
        """Return the gateway of a bearer token that has a scope; raises TokenRefused, Forbidden."""
        gateway = await self._tokens.identify(authorization)
        if needed.value not in gateway.scopes:
            raise Forbidden(f"This gateway's token lacks the scope {needed.value}.")
        return gateway

    async def _answer(self, head: Head, receive: Receive) -> Answer:
        began = time.monotonic()
        gateway = await self.identify(head.authorization, GatewayScope.USAGE_WRITE)
        waited = time.monotonic() - began
        wait_seconds = _wait_seconds(head.query) if head.query else 0.0
        body = decode_body(await read_body(receive), head.encoding)
        now = self._runtime.clock.now_ms()
        rules = Rules(now, self._runtime.settings.event_horizon_days, self._runtime.digester.digest)
        post = read_post(body, head.content_type, rules)
        batch = _new_batch(post, gateway.id, now)
        await self._store(batch, waited)
        self._accepted.inc(post.received - len(post.rejections))
        if post.rejections:
            self._rejected.inc(len(post.rejections))
        if wait_seconds:
            view = await self._waiters.settled(batch.public_id, gateway.id, wait_seconds)
            if view is not None:
                return settled(view)
        return accepted(batch.public_id, post)

    async def _store(self, batch: NewBatch, waited: float) -> None:
        """Have a batch written; returns after the commit, raises Unavailable by the deadline.

        `waited` is what was spent of it before.
        """
        loop = self._loop
        if loop is None:
            raise Unavailable("The server is starting. Post again in a second.")
        ticket: Ticket = loop.create_future()
        self._writer.offer(batch, ticket)
        self._deadlines.append((loop.time() + DEADLINE_SECONDS, batch, ticket))
        if waited > _SWEEP_SECONDS:
            # The line is swept in order; this one has less time left than those before it.
            loop.call_later(DEADLINE_SECONDS - waited, _give_up, batch, ticket)
        await ticket

    def _deliver(self, results: Sequence[Result]) -> None:
        """Called by the writer's thread after each group."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_resolve, results)

    async def _sweep(self) -> None:
        """Answer posts whose time is over, and forget those that are answered."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            metrics.INBOX_WAITING_BYTES.set(self._writer.waiting_bytes)
            now = asyncio.get_running_loop().time()
            deadlines = self._deadlines
            while deadlines and (deadlines[0][2].done() or deadlines[0][0] <= now):
                _at, batch, ticket = deadlines.popleft()
                _give_up(batch, ticket)


def _give_up(batch: NewBatch, ticket: Ticket) -> None:
    if not ticket.done():
        batch.abandoned = True
        ticket.set_exception(Unavailable("The database did not answer in time. Post again; nothing is charged twice."))


def _resolve(results: Sequence[Result]) -> None:
    for _batch, ticket, error in results:
        if ticket.done():
            continue
        if error is None:
            ticket.set_result(None)
        else:
            ticket.set_exception(error)


def _read_head(scope: Scope) -> Head:
    head = Head(query=scope["query_string"], request_id=request_id_of(scope))
    for name, value in scope["headers"]:
        if name == b"authorization":
            head.authorization = value.decode("latin-1")
        elif name == b"content-type":
            head.content_type = value.decode("latin-1")
        elif name == b"content-encoding":
            head.encoding = value.decode("latin-1").strip().lower()
    return head


def _new_batch(post: Post, gateway_id: int, now: int) -> NewBatch:
    return NewBatch(
        public_id=new_id(),
        gateway_id=gateway_id,
        kind=BatchKind.POST,
        received=post.received,
        rejected=len(post.rejections),
        received_at=now,
        payload=encode_payload(post.records),
        rejections=encode_rejections(post.rejections) or b"",
        ids=join_ids(post.ids),
    )


def _wait_seconds(query: bytes) -> float:
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("wait")
    if not given:
        return 0.0
    try:
        seconds = float(given[-1])
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise invalid("/wait", "wait.invalid", "wait is a number of seconds from 0 to 30.")
    return seconds
