"""How an endpoint is run: whole, in one transaction, again as a whole after a transient database error."""

import random
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import anyio
from fastapi.routing import APIRoute, APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api import idempotency
from api.body import StrictRequest
from api.errors import DatabaseAway
from api.schemas import ShownOnce
from ccmanage.core.db import is_away, is_duplicate, is_transient
from ccmanage.core.logging import get_logger
from ccmanage.core.uow import MAX_TRIES

log = get_logger(__name__)

# Nobody waits longer than this for a database that comes and goes.
_PATIENCE_SECONDS = 3.0
_FUNCTION_STACK = "fastapi_function_astack"


class Route(APIRoute):
    """Runs its endpoint in a dependency stack of its own for each try, so that a commit that fails is a try too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()
        reads_body = self.body_field is not None
        shows_secret = isinstance(self.response_model, type) and issubclass(self.response_model, ShownOnce)

        async def once(request: Request) -> Response:
            idempotency.begin(request)
            try:
                async with AsyncExitStack() as stack:
                    # Leaving this stack ends the transaction: the answer is sent after the commit.
                    request.scope[_FUNCTION_STACK] = stack
                    response = await handle(request)
                    if idempotency.is_pending(request):
                        await run_in_threadpool(idempotency.keep, request, response, shows_secret=shows_secret)
            except idempotency.Replayed as replayed:
                return replayed.response
            return response

        async def run(given: Request) -> Response:
            request = StrictRequest(given.scope, given.receive)
            if reads_body:
                await request.read_json()
            started = time.monotonic()
            for attempt in range(1, MAX_TRIES + 1):
                try:
                    return await once(request)
                except Exception as error:
                    await _pause_or_raise(error, attempt, started)
            raise AssertionError("unreachable")

        return run


def router(prefix: str, tag: str) -> APIRouter:
    """Make the router of a feature; operations are named `tag_function`."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=Route, generate_unique_id_function=operation_id)


def operation_id(route: Any) -> str:
    """Name an operation `resource_verb`, after the router's tag and the endpoint's function."""
    return f"{route.tags[0]}_{route.name.rstrip('_')}".replace(" ", "_").replace("-", "_")


async def _pause_or_raise(error: Exception, attempt: int, started: float) -> None:
    """Wait before the next try, or raise: DatabaseAway for what may pass, the error itself for what will not."""
    if not is_transient(error):
        raise error
    pause = min(0.5, 0.02 * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
    if attempt < MAX_TRIES and time.monotonic() - started + pause < _PATIENCE_SECONDS:
        log.warning("request_retried", attempt=attempt, error=type(error).__name__, text=str(error)[:200])
        await anyio.sleep(pause)
        return
    if is_duplicate(error) and not is_away(error):
        raise error
    log.error("database_unavailable", attempt=attempt, error=type(error).__name__, text=str(error)[:200])
    raise DatabaseAway from error
