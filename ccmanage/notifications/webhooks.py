"""Use cases of webhooks: make, change, rotate, try out, look what was sent, send again."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, SECOND
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import invalid
from ccmanage.core.ids import DELIVERY, WEBHOOK, encode_id, new_id
from ccmanage.core.outbound import OutboundPolicy, UrlRefused
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.text import clean_name
from ccmanage.core.uow import UnitOfWork
from ccmanage.notifications.catalogue import OF_INSTALLATION, OF_WORKSPACES, TEST
from ccmanage.notifications.errors import DeliveryNotFound, TooManyWebhooks, WebhookNotActive, WebhookNotFound
from ccmanage.notifications.happenings import row_of_test
from ccmanage.notifications.models import Happening
from ccmanage.notifications.repository import HappeningRepository
from ccmanage.notifications.signing import new_webhook_secret
from ccmanage.notifications.tasks import SendDeliveries
from ccmanage.notifications.telling import delivery_of
from ccmanage.notifications.webhook_models import (
    Attempt,
    Delivery,
    DeliveryState,
    Webhook,
    WebhookSecret,
    WebhookState,
)
from ccmanage.notifications.webhook_repository import DeliveryRepository, WebhookRepository

MAX_WEBHOOKS: Final = 20
MAX_OVERLAP_SECONDS: Final = 7 * DAY // SECOND
PAUSED: Final = b"webhook.paused"


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to be made; without kinds it is told everything."""

    name: str
    url: str
    kinds: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What shall change; None leaves it as it is. `active` switches it on or off."""

    name: str | None = None
    url: str | None = None
    kinds: Sequence[str] | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook with its address; `rotating_until` is how long an older secret signs as well."""

    row: Webhook
    url: str
    kinds: Sequence[str]
    rotating_until: int


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """A webhook and the only copy of its new secret."""

    webhook: WebhookView
    secret: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One message to a webhook and every try to send it."""

    row: Delivery
    happening: Happening
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class WebhookTables:
    """What webhooks read and write."""

    webhooks: WebhookRepository
    deliveries: DeliveryRepository
    happenings: HappeningRepository


class WebhookService:
    """Webhooks of workspaces, and those of the installation (workspace 0)."""

    def __init__(
        self, uow: UnitOfWork, tables: WebhookTables, ring: KeyRing, policy: OutboundPolicy, audit: AuditService
    ) -> None:
        self._uow = uow
        self._repository = tables.webhooks
        self._deliveries = tables.deliveries
        self._happenings = tables.happenings
        self._ring = ring
        self._policy = policy
        self._audit = audit

    def page(self, workspace_id: int, ask: PageRequest) -> Page[WebhookView]:
        """Return webhooks, newest first."""
        page = self._repository.of(workspace_id, ask)
        return Page(self._views(page.items), page.next_cursor)

    def get(self, workspace_id: int, public_id: bytes) -> WebhookView:
        """Return a webhook; raises WebhookNotFound."""
        return self._view(self._found(workspace_id, public_id))

    def create(self, workspace_id: int, user_id: int, new: NewWebhook) -> IssuedSecret:
        """Make a webhook; its secret is shown here and never again. Raises InvalidInput, TooManyWebhooks."""
        name, kinds = clean_name(new.name), _kinds(workspace_id, new.kinds)
        self._check_url(new.url)
        if self._repository.count_of(workspace_id) >= MAX_WEBHOOKS:
            raise TooManyWebhooks(MAX_WEBHOOKS)
        public_id, now = new_id(), self._now
        row = self._repository.add(
            Webhook(
                public_id=public_id,
                workspace_id=workspace_id,
                name=name,
                url_sealed=self._ring.encrypt(new.url, f"webhooks.url:{public_id.hex()}"),
                kinds=kinds,
                state=WebhookState.ACTIVE,
                failing_since=0,
                succeeded_at=0,
                created_by=user_id,
                created_at=now,
                updated_at=now,
            )
        )
        secret = self._new_secret(row)
        self._record("webhooks.create", row, after={"name": name, "kinds": kinds.decode() or "all"})
        return IssuedSecret(self._view(row), secret)

    def change(self, workspace_id: int, public_id: bytes, change: WebhookChange) -> WebhookView:
        """Change what is given; raises WebhookNotFound, InvalidInput."""
        row = self._locked(workspace_id, public_id)
        before = _facts(row)
        if change.name is not None:
            row.name = clean_name(change.name)
        if change.url is not None:
            self._check_url(change.url)
            row.url_sealed = self._ring.encrypt(change.url, f"webhooks.url:{row.public_id.hex()}")
        if change.kinds is not None:
            row.kinds = _kinds(workspace_id, change.kinds)
        if change.active is not None and change.active != (row.state == WebhookState.ACTIVE):
            row.state, row.failing_since = (WebhookState.ACTIVE if change.active else WebhookState.PAUSED), 0
            if not change.active:
                self._deliveries.give_up(row.id, PAUSED, self._now)
        row.updated_at = self._now
        self._uow.session.flush()
        self._record("webhooks.change", row, before=before, after=_facts(row))
        return self._view(row)

    def rotate(self, workspace_id: int, public_id: bytes, overlap_seconds: int) -> IssuedSecret:
        """Give a webhook a new secret; until the overlap is over messages are signed under both."""
        if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
            raise invalid("/overlap_seconds", "overlap.out_of_range", f"Use 0 to {MAX_OVERLAP_SECONDS} seconds.")
        row = self._locked(workspace_id, public_id)
        until = self._now + overlap_seconds * SECOND
        for old in self._repository.secrets_of([row.id]):
            old.expires_at = min(old.expires_at or until, until)
        secret = self._new_secret(row)
        self._record("webhooks.rotate", row, after={"overlap_seconds": overlap_seconds})
        return IssuedSecret(self._view(row), secret)

    def remove(self, workspace_id: int, public_id: bytes) -> None:
        """Take a webhook away with its log; raises WebhookNotFound."""
        row = self._locked(workspace_id, public_id)
        self._record("webhooks.remove", row, before=_facts(row))
        self._repository.remove(row)

    def test(self, workspace_id: int, public_id: bytes) -> DeliveryView:
        """Send a message that only says that it is a test; raises WebhookNotFound, WebhookNotActive."""
        row = self._locked(workspace_id, public_id)
        if row.state != WebhookState.ACTIVE:
            raise WebhookNotActive
        data = {"webhook_id": encode_id(WEBHOOK, row.public_id)}
        happening = self._happenings.add(row_of_test(TEST, row.workspace_id, data, self._now))
        delivery = self._deliveries.add(delivery_of(row.id, happening.id, self._now))
        self._uow.enqueue(SendDeliveries())
        self._record("webhooks.test", row)
        return DeliveryView(delivery, happening, ())

    def log(self, workspace_id: int, public_id: bytes, ask: PageRequest) -> Page[DeliveryView]:
        """Return what was sent to a webhook, newest first, without the single tries."""
        page = self._deliveries.page_of(self._found(workspace_id, public_id).id, ask)
        return page.map(lambda pair: DeliveryView(pair[0], pair[1], ()))

    def delivery(self, workspace_id: int, public_id: bytes, delivery_id: bytes) -> DeliveryView:
        """Return one message with every try; raises WebhookNotFound, DeliveryNotFound."""
        row = self._delivery(workspace_id, public_id, delivery_id)
        happening = self._happenings.get(row.happening_id)
        if happening is None:
            raise DeliveryNotFound
        return DeliveryView(row, happening, self._deliveries.attempts_of(row.id))

    def redeliver(self, workspace_id: int, public_id: bytes, delivery_id: bytes) -> DeliveryView:
        """Send a message once more, under the same `webhook-id`; raises WebhookNotActive and others."""
        webhook = self._locked(workspace_id, public_id)
        if webhook.state != WebhookState.ACTIVE:
            raise WebhookNotActive
        row = self._delivery(workspace_id, public_id, delivery_id)
        row.state, row.tries, row.lease, row.ended_at = DeliveryState.PENDING, 0, 0, 0
        row.next_attempt_at = self._now
        self._uow.session.flush()
        self._uow.enqueue(SendDeliveries())
        self._record("webhooks.redeliver", webhook, after={"delivery": encode_id(DELIVERY, row.public_id)})
        return self.delivery(workspace_id, public_id, delivery_id)

    @property
    def _now(self) -> int:
        return self._uow.clock.now_ms()

    def _new_secret(self, row: Webhook) -> str:
        secret, public_id = new_webhook_secret(), new_id()
        self._repository.add_secret(
            WebhookSecret(
                public_id=public_id,
                webhook_id=row.id,
                secret_sealed=self._ring.encrypt(secret, f"webhook_secrets.secret:{public_id.hex()}"),
                expires_at=0,
                created_at=self._now,
            )
        )
        return secret

    def _check_url(self, url: str) -> None:
        try:
            self._policy.target(url)
        except UrlRefused as error:
            raise invalid("/url", error.code, str(error)) from None

    def _view(self, row: Webhook) -> WebhookView:
        return self._views([row])[0]

    def _views(self, rows: Sequence[Webhook]) -> list[WebhookView]:
        ends: dict[int, int] = {}
        for secret in self._repository.secrets_of([row.id for row in rows]):
            if secret.expires_at > self._now:
                ends[secret.webhook_id] = max(secret.expires_at, ends.get(secret.webhook_id, 0))
        return [
            WebhookView(
                row,
                self._ring.decrypt(row.url_sealed, f"webhooks.url:{row.public_id.hex()}"),
                [kind for kind in bytes(row.kinds).decode().split(",") if kind],
                ends.get(row.id, 0),
            )
            for row in rows
        ]

    def _delivery(self, workspace_id: int, public_id: bytes, delivery_id: bytes) -> Delivery:
        webhook = self._found(workspace_id, public_id)
        row = self._deliveries.by_public_id(delivery_id)
        if row is None or row.webhook_id != webhook.id:
            raise DeliveryNotFound
        locked = self._deliveries.lock(row.id) if self._uow.write else row
        if locked is None:
            raise DeliveryNotFound
        return locked

    def _found(self, workspace_id: int, public_id: bytes) -> Webhook:
        row = self._repository.by_public_id(public_id)
        if row is None or row.workspace_id != workspace_id:
            raise WebhookNotFound
        return row

    def _locked(self, workspace_id: int, public_id: bytes) -> Webhook:
        row = self._repository.lock(self._found(workspace_id, public_id).id)
        if row is None:
            raise WebhookNotFound
        return row

    def _record(self, action: str, row: Webhook, **details: Any) -> None:
        subject = ("webhook", encode_id(WEBHOOK, row.public_id))
        self._audit.record(action, subject, workspace_id=row.workspace_id, **details)


def _kinds(workspace_id: int, wanted: Sequence[str]) -> bytes:
    known = OF_WORKSPACES if workspace_id else OF_INSTALLATION
    if set(wanted) - set(known):
        raise invalid("/events", "events.unknown", f"Choose from: {', '.join(known)}.")
    return ",".join(kind for kind in known if kind in wanted).encode()


def _facts(row: Webhook) -> dict[str, Any]:
    state = WebhookState(row.state).name.lower()
    return {"name": row.name, "kinds": bytes(row.kinds).decode() or "all", "state": state}


def new_lease() -> int:
    """Return a number that tells one sender from another."""
    return random.randbits(62) + 1
