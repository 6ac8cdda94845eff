"""`/v1/webhooks`: machines that are told what happens in the workspace. Managers and owners see and change them."""

from api.deps import PageDep, ScopeDep, WorkspaceManager
from api.notifications.webhook_schemas import (
    DeliveryDetailOut,
    DeliveryOut,
    EventTypesOut,
    WebhookCreateIn,
    WebhookIssuedOut,
    WebhookOut,
    WebhookUpdateIn,
)
from api.routing import router
from api.schemas import OverlapIn, PageOut
from ccmanage.core.ids import DELIVERY, WEBHOOK, decode_id

webhooks = router("/v1/webhooks", "webhooks")


@webhooks.get("")
def list_(me: WorkspaceManager, scope: ScopeDep, ask: PageDep) -> PageOut[WebhookOut]:
    """List webhooks, newest first."""
    return PageOut[WebhookOut].of(scope.webhooks.page(me.workspace_id, ask), WebhookOut.of)


@webhooks.post("", status_code=201)
def create(me: WorkspaceManager, scope: ScopeDep, body: WebhookCreateIn) -> WebhookIssuedOut:
    """Make a webhook. The secret that its messages are signed with is shown in this answer and never again."""
    return WebhookIssuedOut.of(scope.webhooks.create(me.workspace_id, me.user_id, body.to_domain()))


@webhooks.get("/events")
def events(me: WorkspaceManager) -> EventTypesOut:
    """List the types of events that can be chosen."""
    return EventTypesOut.of(installation=False)


@webhooks.get("/{webhook_id}")
def get(me: WorkspaceManager, scope: ScopeDep, webhook_id: str) -> WebhookOut:
    """Return a webhook."""
    return WebhookOut.of(scope.webhooks.get(me.workspace_id, decode_id(WEBHOOK, webhook_id)))


@webhooks.patch("/{webhook_id}")
def update(me: WorkspaceManager, scope: ScopeDep, webhook_id: str, body: WebhookUpdateIn) -> WebhookOut:
    """Change a webhook, switch it off or on again."""
    return WebhookOut.of(scope.webhooks.change(me.workspace_id, decode_id(WEBHOOK, webhook_id), body.to_domain()))


@webhooks.post("/{webhook_id}/rotate")
def rotate(me: WorkspaceManager, scope: ScopeDep, webhook_id: str, body: OverlapIn) -> WebhookIssuedOut:
    """Give a webhook a new secret. Until the overlap is over, messages are signed under both."""
    issued = scope.webhooks.rotate(me.workspace_id, decode_id(WEBHOOK, webhook_id), body.overlap_seconds)
    return WebhookIssuedOut.of(issued)


@webhooks.post("/{webhook_id}/remove", status_code=204)
def remove(me: WorkspaceManager, scope: ScopeDep, webhook_id: str) -> None:
    """Take a webhook away, with its log."""
    scope.webhooks.remove(me.workspace_id, decode_id(WEBHOOK, webhook_id))


@webhooks.post("/{webhook_id}/test", status_code=202)
def test(me: WorkspaceManager, scope: ScopeDep, webhook_id: str) -> DeliveryOut:
    """Send a message that only says that it is a test."""
    return DeliveryOut.of(scope.webhooks.test(me.workspace_id, decode_id(WEBHOOK, webhook_id)))


@webhooks.get("/{webhook_id}/deliveries")
def deliveries(me: WorkspaceManager, scope: ScopeDep, webhook_id: str, ask: PageDep) -> PageOut[DeliveryOut]:
    """List what was sent in the last thirty days, newest first."""
    page = scope.webhooks.log(me.workspace_id, decode_id(WEBHOOK, webhook_id), ask)
    return PageOut[DeliveryOut].of(page, DeliveryOut.of)


@webhooks.get("/{webhook_id}/deliveries/{delivery_id}")
def delivery(me: WorkspaceManager, scope: ScopeDep, webhook_id: str, delivery_id: str) -> DeliveryDetailOut:
    """Return a message with every try to send it."""
    numbers = decode_id(WEBHOOK, webhook_id), decode_id(DELIVERY, delivery_id)
    return DeliveryDetailOut.of(scope.webhooks.delivery(me.workspace_id, *numbers))


@webhooks.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
def redeliver(me: WorkspaceManager, scope: ScopeDep, webhook_id: str, delivery_id: str) -> DeliveryOut:
    """Send a message once more, under the same `webhook-id`."""
    numbers = decode_id(WEBHOOK, webhook_id), decode_id(DELIVERY, delivery_id)
    return DeliveryOut.of(scope.webhooks.redeliver(me.workspace_id, *numbers))
