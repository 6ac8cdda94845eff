"""Bodies around gateways."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import In, Moment, Name, Out, ShownOnce
from ccmanage.core.ids import GATEWAY, encode_id
from ccmanage.gateways.models import GatewayState
from ccmanage.gateways.service import GatewayScope
from ccmanage.reports.gateways import GatewayLine

ScopeName = Literal["usage:write", "keys:verify", "holds:write"]


class GatewayCreateIn(In):
    """A gateway to be made; without scopes it gets all of them."""

    name: Name
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=len(GatewayScope))] | None = None


class GatewayFields(Out):
    """What may be shown of a gateway at any time."""

    id: str
    name: str
    state: Literal["active", "revoked"]
    scopes: list[ScopeName]
    last_four: str
    created_at: Moment
    revoked_at: Moment | None
    rotating_until: Moment | None
    last_post_at: Moment | None
    last_event_at: Moment | None
    received: int
    rejected: int
    clock_skew_ms: int | None


class GatewayOut(GatewayFields):
    """A gateway. `received` and `rejected` count all events since it was made."""

    @classmethod
    def of(cls, line: GatewayLine) -> "GatewayOut":
        """Make the answer."""
        return cls(**_fields(line))


class GatewayIssuedOut(GatewayFields, ShownOnce):
    """A gateway with its new token, which is shown here and never again."""

    token: str

    @classmethod
    def of(cls, line: GatewayLine, token: str) -> "GatewayIssuedOut":
        """Make the answer."""
        return cls(**_fields(line), token=token)


def _fields(line: GatewayLine) -> dict[str, object]:
    gateway = line.gateway
    return {
        "id": encode_id(GATEWAY, gateway.public_id),
        "name": gateway.name,
        "state": "active" if gateway.state is GatewayState.ACTIVE else "revoked",
        "scopes": list(gateway.scopes),
        "last_four": gateway.last_four,
        "created_at": gateway.created_at,
        "revoked_at": gateway.revoked_at,
        "rotating_until": gateway.rotating_until,
        "last_post_at": line.last_post_at,
        "last_event_at": line.last_event_at,
        "received": line.received,
        "rejected": line.rejected,
        "clock_skew_ms": line.clock_skew_ms,
    }
