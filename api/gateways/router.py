"""Gateways, for administrators."""

from api.deps import Admin, PageDep, ScopeDep, StepUp
from api.gateways.schemas import GatewayCreateIn, GatewayIssuedOut, GatewayOut
from api.routing import router
from api.schemas import OverlapIn, PageOut
from ccmanage.core.ids import GATEWAY, decode_id
from ccmanage.gateways.service import GatewayScope

gateways = router("/v1/admin/gateways", "admin gateways")


@gateways.get("")
def list_(caller: Admin, scope: ScopeDep, ask: PageDep) -> PageOut[GatewayOut]:
    """List gateways, newest first."""
    return PageOut[GatewayOut].of(scope.gateway_report.page(ask), GatewayOut.of)


@gateways.post("", status_code=201)
def create(caller: Admin, scope: ScopeDep, body: GatewayCreateIn) -> GatewayIssuedOut:
    """Make a gateway. Its token is shown in this answer and never again."""
    issued = scope.gateways.create(body.name, tuple(GatewayScope) if body.scopes is None else body.scopes)
    return GatewayIssuedOut.of(scope.gateway_report.line(issued.gateway), issued.token)


@gateways.get("/{gateway_id}")
def get(caller: Admin, scope: ScopeDep, gateway_id: str) -> GatewayOut:
    """Return a gateway."""
    return GatewayOut.of(scope.gateway_report.line(scope.gateways.get(decode_id(GATEWAY, gateway_id))))


@gateways.post("/{gateway_id}/rotate")
def rotate(caller: Admin, fresh: StepUp, scope: ScopeDep, gateway_id: str, body: OverlapIn) -> GatewayIssuedOut:
    """Give a gateway a new token. The old one works until the overlap is over."""
    issued = scope.gateways.rotate(decode_id(GATEWAY, gateway_id), body.overlap_seconds)
    return GatewayIssuedOut.of(scope.gateway_report.line(issued.gateway), issued.token)


@gateways.post("/{gateway_id}/revoke")
def revoke(caller: Admin, scope: ScopeDep, gateway_id: str) -> GatewayOut:
    """Silence a gateway for good, everywhere within two seconds."""
    return GatewayOut.of(scope.gateway_report.line(scope.gateways.revoke(decode_id(GATEWAY, gateway_id))))
