"""Bodies around verify, leases and holds."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.admission.app import LEASE_SECONDS, MAX_LEASE_SECONDS
from api.schemas import Credits, CreditsIn, In, Moment, Out
from ccmanage.core.ids import HOLD, encode_id
from ccmanage.credits.holds import MAX_TTL_SECONDS
from ccmanage.credits.models import Hold, HoldState

CodeName = Literal[
    "VALID",
    "NOT_FOUND",
    "REVOKED",
    "EXPIRED",
    "DISABLED",
    "WORKSPACE_SUSPENDED",
    "IP_NOT_ALLOWED",
    "MODEL_NOT_ALLOWED",
    "RATE_LIMITED",
    "BUDGET_EXCEEDED",
    "INSUFFICIENT_CREDITS",
    "UNAVAILABLE",
]
HoldStateName = Literal["active", "captured", "released", "expired"]
HOLD_STATES: dict[HoldState, HoldStateName] = {
    HoldState.ACTIVE: "active",
    HoldState.CAPTURED: "captured",
    HoldState.RELEASED: "released",
    HoldState.EXPIRED: "expired",
}


class KeyLimitLeft(Out):
    """A limit with what is left of it. Credits are decimal strings, all else are whole numbers."""

    name: str
    limit: int | str
    remaining: int | str
    reset_at: Moment | None


class LeaseOut(Out):
    """A call under way. It ends by `DELETE`, by the event that names it as `lease_id`, or by itself."""

    id: str
    expires_at: Moment


class VerifyOut(Out):
    """Whether a key may make a call, why not, and what is left. `degraded`: answered from memory."""

    valid: bool
    code: CodeName
    key_id: str | None
    workspace_id: str | None
    balance: Credits | None
    available: Credits | None
    unlimited: bool
    limits: list[KeyLimitLeft]
    resets_at: Moment | None
    expires_at: Moment | None
    exceeded: str | None
    retry_after_seconds: int | None
    degraded: bool
    lease: LeaseOut | None


class HoldIn(In):
    """Credits to be set aside for a call."""

    api_key: Annotated[str, Field(min_length=1, max_length=200)]
    credits: CreditsIn
    ttl_seconds: Annotated[int, Field(ge=1, le=MAX_TTL_SECONDS)]
    model: Annotated[str, Field(max_length=200)] | None = None
    ip: Annotated[str, Field(max_length=64)] | None = None


class HoldOut(Out):
    """Credits set aside for a call, until its event names the hold, it is released, or its time is over."""

    id: str
    state: HoldStateName
    credits: Credits
    created_at: Moment
    expires_at: Moment
    ended_at: Moment | None

    @classmethod
    def of(cls, hold: Hold, now: int) -> "HoldOut":
        """Make the answer; one that has run out says so, swept or not."""
        over = hold.state == HoldState.ACTIVE and hold.expires_at <= now
        return cls(
            id=encode_id(HOLD, hold.public_id),
            state="expired" if over else HOLD_STATES[HoldState(hold.state)],
            credits=hold.amount_nano,
            created_at=hold.created_at,
            expires_at=hold.expires_at,
            ended_at=hold.ended_at or (hold.expires_at if over else None),
        )


_TEXT = {"type": ["string", "null"]}
VERIFY_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "title": "VerifyIn",
                "description": "A call that is about to be made. Other members are dropped.",
                "required": ["api_key"],
                "properties": {
                    "api_key": {"type": "string", "maxLength": 200},
                    "model": {**_TEXT, "maxLength": 200, "description": "Not checked if it is left out."},
                    "ip": {**_TEXT, "maxLength": 64, "description": "Where the call comes from."},
                    "estimated_credits": {**_TEXT, "pattern": r"^\d{1,10}(\.\d{1,9})?$", "examples": ["0.05"]},
                    "lease_seconds": {
                        "type": ["integer", "null"],
                        "minimum": 1,
                        "maximum": MAX_LEASE_SECONDS,
                        "description": f"How long the call may take, {LEASE_SECONDS} without it.",
                    },
                },
            }
        }
    },
}
