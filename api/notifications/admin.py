"""`/v1/admin/webhooks`: machines that are told what happens in the installation and in every workspace."""

from api.deps import Admin, PageDep, ScopeDep
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

webhooks = router("/v1/admin/webhooks", "admin webhooks")
INSTALLATION = 0


@webhooks.get("")
def list_(caller: Admin, scope: ScopeDep, ask: PageDep) -> PageOut[WebhookOut]:
    """List webhooks, newest first."""
    return PageOut[WebhookOut].of(scope.webhooks.page(INSTALLATION, ask), WebhookOut.of)


@webhooks.post("", status_code=201)
def create(caller: Admin, scope: ScopeDep, body: WebhookCreateIn) -> WebhookIssuedOut:
    """Make a webhook. The secret that its messages are signed with is shown in this answer and never again."""
    return WebhookIssuedOut.of(scope.webhooks.create(INSTALLATION, caller.user_id, body.to_domain()))


@webhooks.get("/events")
def events(caller: Admin) -> EventTypesOut:
    """List the types of events that can be chosen."""
    return EventTypesOut.of(installation=True)


@webhooks.get("/{webhook_id}")
def get(caller: Admin, scope: ScopeDep, webhook_id: str) -> WebhookOut:
    """Return a webhook."""
    return WebhookOut.of(scope.webhooks.get(INSTALLATION, decode_id(WEBHOOK, webhook_id)))


@webhooks.patch("/{webhook_id}")
def update(caller: Admin, scope: ScopeDep, webhook_id: str, body: WebhookUpdateIn) -> WebhookOut:
    """Change a webhook, switch it off or on again."""
    return WebhookOut.of(scope.webhooks.change(INSTALLATION, decode_id(WEBHOOK, webhook_id), body.to_domain()))


@webhooks.post("/{webhook_id}/rotate")
def rotate(caller: Admin, scope: ScopeDep, webhook_id: str, body: OverlapIn) -> WebhookIssuedOut:
    """Give a webhook a new secret. Until the overlap is over, messages are signed under both."""
    issued = scope.webhooks.rotate(INSTALLATION, decode_id(WEBHOOK, webhook_id), body.overlap_seconds)
    return WebhookIssuedOut.of(issued)


@webhooks.post("/{webhook_id}/remove", status_code=204)
def remove(caller: Admin, scope: ScopeDep, webhook_id: str) -> None:
    """Take a webhook away, with its log."""
    scope.webhooks.remove(INSTALLATION, decode_id(WEBHOOK, webhook_id))


@webhooks.post("/{webhook_id}/test", status_code=202)
def test(caller: Admin, scope: ScopeDep, webhook_id: str) -> DeliveryOut:
    """Send a message that only says that it is a test."""
    return DeliveryOut.of(scope.webhooks.test(INSTALLATION, decode_id(WEBHOOK, webhook_id)))


@webhooks.get("/{webhook_id}/deliveries")
def deliveries(caller: Admin, scope: ScopeDep, webhook_id: str, ask: PageDep) -> PageOut[DeliveryOut]:
    """List what was sent in the last thirty days, newest first."""
    page = scope.webhooks.log(INSTALLATION, decode_id(WEBHOOK, webhook_id), ask)
    return PageOut[DeliveryOut].of(page, DeliveryOut.of)


@webhooks.get("/{webhook_id}/deliveries/{delivery_id}")
def delivery(caller: Admin, scope: ScopeDep, webhook_id: str, delivery_id: str) -> DeliveryDetailOut:
    """Return a message with every try to send it."""
    numbers = decode_id(WEBHOOK, webhook_id), decode_id(DELIVERY, delivery_id)
    return DeliveryDetailOut.of(scope.webhooks.delivery(INSTALLATION, *numbers))


@webhooks.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
def redeliver(caller: Admin, scope: ScopeDep, webhook_id: str, delivery_id: str) -> DeliveryOut:
    """Send a message once more, under the same `webhook-id`."""
    numbers = decode_id(WEBHOOK, webhook_id), decode_id(DELIVERY, delivery_id)
    return DeliveryOut.of(scope.webhooks.redeliver(INSTALLATION, *numbers))
