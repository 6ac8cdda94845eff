"""Bodies around webhooks."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from api.schemas import In, Moment, Name, Out, ShownOnce
from ccmanage.core.ids import DELIVERY, HAPPENING, WEBHOOK, encode_id
from ccmanage.core.outbound import MAX_URL
from ccmanage.notifications.catalogue import OF_INSTALLATION, OF_WORKSPACES
from ccmanage.notifications.happenings import message_of
from ccmanage.notifications.webhook_models import Attempt, DeliveryState, WebhookState
from ccmanage.notifications.webhooks import DeliveryView, IssuedSecret, NewWebhook, WebhookChange, WebhookView

Url = Annotated[str, Field(min_length=1, max_length=MAX_URL)]
Events = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=64)]


class WebhookCreateIn(In):
    """A webhook to be made; without events it is told everything."""

    name: Name
    url: Url
    events: Events = Field(default=[])

    def to_domain(self) -> NewWebhook:
        """Return what is to be made."""
        return NewWebhook(self.name, self.url, self.events)


class WebhookUpdateIn(In):
    """What shall change; fields that are not sent stay. `active` switches it on or off."""

    name: Name | None = None
    url: Url | None = None
    events: Events | None = None
    active: bool | None = None

    def to_domain(self) -> WebhookChange:
        """Return what is to change."""
        return WebhookChange(self.name, self.url, self.events, self.active)


class WebhookFields(Out):
    """What may be shown of a webhook at any time."""

    id: str
    name: str
    url: str
    events: list[str]
    state: Literal["active", "paused", "disabled"]
    failing_since: Moment | None
    succeeded_at: Moment | None
    rotating_until: Moment | None
    created_at: Moment


class WebhookOut(WebhookFields):
    """A webhook. It is disabled by the server after five days of failure."""

    @classmethod
    def of(cls, view: WebhookView) -> Self:
        """Make the answer."""
        return cls(**_fields(view))


class WebhookIssuedOut(WebhookFields, ShownOnce):
    """A webhook with its new secret, which is shown here and never again."""

    secret: str

    @classmethod
    def of(cls, issued: IssuedSecret) -> Self:
        """Make the answer."""
        return cls(**_fields(issued.webhook), secret=issued.secret)


class EventTypesOut(Out):
    """Every type of event that can be chosen."""

    events: list[str]

    @classmethod
    def of(cls, *, installation: bool) -> Self:
        """Make the answer."""
        return cls(events=list(OF_INSTALLATION if installation else OF_WORKSPACES))


class DeliveryOut(Out):
    """One message to a webhook. `message_id` is its `webhook-id`."""

    id: str
    message_id: str
    type: str
    state: Literal["pending", "delivered", "failed"]
    tries: int
    status: int | None
    code: str | None
    next_attempt_at: Moment | None
    created_at: Moment
    ended_at: Moment | None

    @classmethod
    def of(cls, view: DeliveryView) -> Self:
        """Make the answer."""
        return cls(**_delivery(view))


class AttemptOut(Out):
    """One try: the status that came back (or a code that says why none did), and the beginning of the answer."""

    at: Moment
    milliseconds: int
    status: int | None
    code: str
    excerpt: str

    @classmethod
    def of(cls, row: Attempt) -> Self:
        """Make the answer."""
        return cls(
            at=row.at,
            milliseconds=row.milliseconds,
            status=row.status or None,
            code=bytes(row.code).decode(),
            excerpt=bytes(row.excerpt).decode("utf-8", "replace"),
        )


class DeliveryDetailOut(DeliveryOut):
    """One message with its body and every try, newest first."""

    body: dict[str, Any]
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, view: DeliveryView) -> Self:
        """Make the answer."""
        body = json.loads(message_of(view.happening))
        return cls(**_delivery(view), body=body, attempts=[AttemptOut.of(row) for row in view.attempts])


def _fields(view: WebhookView) -> dict[str, Any]:
    row = view.row
    return {
        "id": encode_id(WEBHOOK, row.public_id),
        "name": row.name,
        "url": view.url,
        "events": list(view.kinds),
        "state": WebhookState(row.state).name.lower(),
        "failing_since": row.failing_since or None,
        "succeeded_at": row.succeeded_at or None,
        "rotating_until": view.rotating_until or None,
        "created_at": row.created_at,
    }


def _delivery(view: DeliveryView) -> dict[str, Any]:
    row, state = view.row, DeliveryState(view.row.state)
    return {
        "id": encode_id(DELIVERY, row.public_id),
        "message_id": encode_id(HAPPENING, view.happening.public_id),
        "type": bytes(view.happening.kind).decode(),
        "state": state.name.lower(),
        "tries": row.tries,
        "status": row.last_status or None,
        "code": bytes(row.last_code).decode() or None,
        "next_attempt_at": row.next_attempt_at if state is DeliveryState.PENDING else None,
        "created_at": row.created_at,
        "ended_at": row.ended_at or None,
    }
