"""What gateways ask, and the description of what they post."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth import NotSignedIn
from api.deps import AdminsOnly, Identified, ScopeDep
from api.ingress.answers import batch_body
from api.ingress.app import Ingress
from api.ingress.schemas import REQUEST_BODY, AcceptedOut, BatchOut
from api.openapi import problems
from ccmanage.core.ids import BATCH, decode_id
from ccmanage.core.security import GATEWAY_TOKEN_PREFIX
from ccmanage.gateways.service import GatewayIdentity, GatewayScope

_GATEWAY: list[dict[str, list[str]]] = [{"gateway": []}]

gateways_api = APIRouter(tags=["ingress"])


class _ByIngress(Response):
    """Lets the ingress answer; reached only where the fork in front of the application does not stand."""

    def __init__(self, ingress: Ingress) -> None:
        super().__init__()
        self._ingress = ingress

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._ingress(scope, receive, send)


@gateways_api.post(
    "/v1/events",
    name="events_post",
    status_code=202,
    response_class=_ByIngress,
    responses={
        202: {"model": AcceptedOut, "description": "Stored. What was refused is listed; the rest will be settled."},
        200: {"model": BatchOut, "description": "Stored and settled within `wait`."},
        **problems(400, 401, 403, 413, 415, 422, 503),
    },
    openapi_extra={"security": _GATEWAY, "requestBody": REQUEST_BODY},
)
async def events_post(
    request: Request,
    wait: Annotated[float | None, Query(ge=0, le=30, description="Seconds to wait for the settlement.")] = None,
) -> Any:
    """Post usage events: one, an array, NDJSON or CloudEvents, at most 1,000 and 8 MiB; gzip is undone.

    The answer leaves when the post is stored. Posting the same ids again changes nothing and is the way to retry.
    """
    return _ByIngress(request.app.state.ingress)


async def _batch_reader(request: Request) -> GatewayIdentity | None:
    """Return the gateway that asks; None where a person does."""
    given = request.headers.get("authorization", "")
    if not given.partition(" ")[2].strip().startswith(GATEWAY_TOKEN_PREFIX):
        return None
    ingress: Ingress = request.app.state.ingress
    return await ingress.identify(given, GatewayScope.USAGE_WRITE)


BatchReader = Annotated[GatewayIdentity | None, Depends(_batch_reader)]


@gateways_api.get(
    "/v1/batches/{batch_id}",
    name="batches_get",
    response_model=BatchOut,
    responses=problems(401, 403, 404, 503),
    openapi_extra={"security": [*_GATEWAY, {"bearer": []}]},
)
def batches_get(gateway: BatchReader, who: Identified, scope: ScopeDep, batch_id: str) -> Any:
    """Tell what became of a post. Only the gateway that posted it and admins may ask."""
    if gateway is None:
        if who is None:
            raise NotSignedIn
        if not who.is_admin:
            raise AdminsOnly
    view = scope.usage.batch(decode_id(BATCH, batch_id), gateway_id=gateway.id if gateway else None)
    return Response(msgspec.json.encode(batch_body(view)), media_type="application/json")
