"""What gateways ask before a call: verify, leases, holds."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import idempotency
from api.admission.app import VERIFY_PATH, VerifyApp
from api.admission.schemas import VERIFY_BODY, HoldIn, HoldOut, VerifyOut
from api.deps import ScopeDep
from api.openapi import problems
from api.routing import Route, operation_id
from ccmanage.admission.service import WantedHold
from ccmanage.core.ids import HOLD, LEASE, decode_id
from ccmanage.gateways.service import GatewayIdentity, GatewayScope

_GATEWAY: dict[str, Any] = {"security": [{"gateway": []}]}
_REFUSALS = problems(401, 403, 404, 422, 503)

admission = APIRouter(tags=["admission"], route_class=Route, generate_unique_id_function=operation_id)


class _ByVerify(Response):
    """Lets verify answer; reached only where the fork in front of the application does not stand."""

    def __init__(self, app: VerifyApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _gateway(needed: GatewayScope) -> Any:
    async def gateway(request: Request) -> GatewayIdentity:
        app: VerifyApp = request.app.state.verify
        return await app.identify(request.headers.get("authorization", ""), needed)

    return gateway


Verifying = Annotated[GatewayIdentity, Depends(_gateway(GatewayScope.KEYS_VERIFY))]
Holding = Annotated[GatewayIdentity, Depends(_gateway(GatewayScope.HOLDS_WRITE))]

verify_api = APIRouter(tags=["admission"])


@verify_api.post(
    VERIFY_PATH,
    name="keys_verify",
    status_code=200,
    response_class=_ByVerify,
    responses={
        200: {"model": VerifyOut, "description": "The decision, whatever it is."},
        **problems(400, 401, 403, 413, 415, 422, 503),
    },
    openapi_extra={**_GATEWAY, "requestBody": VERIFY_BODY},
)
async def keys_verify(request: Request) -> Any:
    """Ask whether a key may make a call, before making it. A VALID answer counts one request.

    Advisory: it may lag two seconds. Only a hold is strict.
    """
    return _ByVerify(request.app.state.verify)


@admission.delete(
    "/v1/leases/{lease_id}", status_code=204, response_class=Response, responses=_REFUSALS, openapi_extra=_GATEWAY
)
async def end_lease(request: Request, gateway: Verifying, lease_id: str) -> Response:
    """End a call under way, so that another may begin. One that is over already does not matter."""
    app: VerifyApp = request.app.state.verify
    await app.release([decode_id(LEASE, lease_id)])
    return Response(status_code=204)


@admission.post("/v1/holds", status_code=201, responses={**problems(402), **_REFUSALS}, openapi_extra=_GATEWAY)
def hold(request: Request, gateway: Holding, scope: ScopeDep, body: HoldIn) -> HoldOut:
    """Set credits aside for a call. 402 with the reason where the key may not spend so much."""
    wanted = WantedHold(
        secret=body.api_key,
        amount_nano=body.credits,
        ttl_seconds=body.ttl_seconds,
        gateway_id=gateway.id,
        model=body.model or "",
        ip=body.ip or "",
        idempotency_key=idempotency.key_of(request) or "",
    )
    return HoldOut.of(scope.admission.hold(wanted), scope.clock.now_ms())


@admission.get("/v1/holds/{hold_id}", responses=_REFUSALS, openapi_extra=_GATEWAY)
def get_hold(gateway: Holding, scope: ScopeDep, hold_id: str) -> HoldOut:
    """Tell how a hold stands. Only the gateway that made it may ask."""
    found = scope.holds.get(decode_id(HOLD, hold_id), gateway_id=gateway.id)
    return HoldOut.of(found, scope.clock.now_ms())


@admission.delete("/v1/holds/{hold_id}", responses={**problems(409), **_REFUSALS}, openapi_extra=_GATEWAY)
def release_hold(gateway: Holding, scope: ScopeDep, hold_id: str) -> HoldOut:
    """Give back what was set aside, because the call is not made. A second time changes nothing."""
    released = scope.holds.release(decode_id(HOLD, hold_id), gateway_id=gateway.id)
    return HoldOut.of(released, scope.clock.now_ms())
