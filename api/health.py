"""Is the process alive, can it work, what does it measure."""

import hmac
import socket
from typing import Annotated, Literal
from urllib.parse import urlsplit

import anyio
from fastapi import APIRouter, Header
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from api.context import context_of
from api.deps import RuntimeDep
from api.errors import problem
from api.measures import measure
from api.openapi import problems
from api.schemas import Out
from ccmanage.bootstrap import Runtime
from ccmanage.core.errors import NotFound
from ccmanage.core.logging import get_logger
from ccmanage.core.metrics import exposition
from ccmanage.migrations import is_current

log = get_logger(__name__)

router = APIRouter(tags=["health"])

_PROBE_SECONDS = 4.0
_BROKER_SECONDS = 0.5
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class HealthOut(Out):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(Out):
    """What the process needs, and how it stands."""

    status: Literal["ok", "degraded"]
    database: Literal["ok"]
    migrations: Literal["current"]
    broker: Literal["ok", "degraded", "none"]


@router.get("/healthz", operation_id="health_live")
async def live() -> HealthOut:
    """Say that the process is alive."""
    return HealthOut(status="ok")


@router.get("/readyz", operation_id="health_ready", response_model=ReadyOut, responses=problems(503))
async def ready(request: Request, runtime: RuntimeDep) -> ReadyOut | Response:
    """Say whether requests can be served. Without the broker they can: it only makes settling prompt."""
    reason = "The database does not answer in time."
    with anyio.move_on_after(_PROBE_SECONDS):
        reason = await anyio.to_thread.run_sync(_fault, request.app.state, runtime, abandon_on_cancel=True)
    if reason:
        return problem(503, "server.not_ready", reason, request_id=context_of(request).request_id)
    broker = await run_in_threadpool(_broker, runtime.settings.nudge_url)
    status: Literal["ok", "degraded"] = "degraded" if broker == "degraded" else "ok"
    return ReadyOut(status=status, database="ok", migrations="current", broker=broker)


@router.get("/metrics", operation_id="health_metrics", include_in_schema=False)
async def metrics(request: Request, runtime: RuntimeDep, authorization: Annotated[str, Header()] = "") -> Response:
    """Let Prometheus read, from this machine or with the token. Others find nothing here."""
    token = runtime.settings.metrics_token
    known = bool(token) and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
    # A proxy on this machine is not this machine.
    local = context_of(request).address in _LOOPBACK and "x-forwarded-for" not in request.headers
    if not known and not local:
        raise NotFound("There is nothing at this address.")
    await run_in_threadpool(measure, runtime)
    body, content_type = await run_in_threadpool(exposition)
    return Response(body, headers={"Content-Type": content_type})


def _fault(state: State, runtime: Runtime) -> str:
    """Return what keeps requests from being served, "" if nothing does."""
    try:
        with runtime.database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        # Reading the scripts takes a while, and a database does not go back by itself.
        state.migrated = getattr(state, "migrated", False) or is_current(runtime.database)
        if not state.migrated:
            return "The database is not at the newest migration. Run: ccmanage migrate"
    except Exception as error:
        log.warning("not_ready", error=type(error).__name__, text=str(error)[:200])
        return "The database does not answer."
    return ""


def _broker(url: str) -> Literal["ok", "degraded", "none"]:
    if not url:
        return "none"
    parts = urlsplit(url)
    port = parts.port or (5672 if parts.scheme.startswith("amqp") else 6379)
    try:
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(_BROKER_SECONDS)
                peer.connect(parts.path)
        else:
            socket.create_connection((parts.hostname or "127.0.0.1", port), timeout=_BROKER_SECONDS).close()
    except OSError:
        return "degraded"
    return "ok"
