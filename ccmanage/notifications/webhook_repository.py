"""Queries of webhooks and their deliveries."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select, update

from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.notifications.models import Happening
from ccmanage.notifications.webhook_models import (
    Attempt,
    Delivery,
    DeliveryState,
    Webhook,
    WebhookSecret,
    WebhookState,
)


class WebhookRepository(Repository[Webhook]):
    """Webhooks and their secrets."""

    model = Webhook

    def of(self, workspace_id: int, ask: PageRequest) -> Page[Webhook]:
        """Return the webhooks of a workspace (0: the installation's), newest first."""
        return self.page(select(Webhook).where(Webhook.workspace_id == workspace_id), ask, Webhook.id)

    def count_of(self, workspace_id: int) -> int:
        """Count the webhooks of a workspace."""
        return self.session.scalar(select(func.count()).where(Webhook.workspace_id == workspace_id)) or 0

    def listening(self, workspace_ids: Collection[int]) -> set[int]:
        """Return which of these workspaces have a webhook that is sent to."""
        found: set[int] = set()
        for part in chunks(sorted(workspace_ids), IN_LIST):
            statement = select(Webhook.workspace_id).where(
                Webhook.workspace_id.in_(part), Webhook.state == WebhookState.ACTIVE
            )
            found.update(self.session.scalars(statement.distinct()))
        return found

    def active_of(self, workspace_ids: Collection[int]) -> Sequence[Webhook]:
        """Return the webhooks of these workspaces that are sent to."""
        found: list[Webhook] = []
        for part in chunks(sorted(workspace_ids), IN_LIST):
            statement = select(Webhook).where(Webhook.workspace_id.in_(part), Webhook.state == WebhookState.ACTIVE)
            found += self.session.scalars(statement.execution_options(populate_existing=True))
        return found

    def many(self, numbers: Collection[int]) -> dict[int, Webhook]:
        """Return webhooks by their numbers."""
        statement = select(Webhook).where(Webhook.id.in_(sorted(numbers) or [0]))
        return {row.id: row for row in self.session.scalars(statement.execution_options(populate_existing=True))}

    def secrets_of(self, webhook_ids: Collection[int]) -> Sequence[WebhookSecret]:
        """Return the secrets of webhooks, the newest first."""
        statement = select(WebhookSecret).where(WebhookSecret.webhook_id.in_(sorted(webhook_ids) or [0]))
        return self.session.scalars(statement.order_by(WebhookSecret.id.desc())).all()

    def add_secret(self, secret: WebhookSecret) -> None:
        """Insert a secret."""
        self.session.add(secret)
        self.session.flush()

    def remove(self, webhook: Webhook) -> None:
        """Delete a webhook with its secrets, and what was to be sent."""
        deliveries = select(Delivery.id).where(Delivery.webhook_id == webhook.id)
        for statement in (
            delete(Attempt).where(Attempt.delivery_id.in_(deliveries)),
            delete(Delivery).where(Delivery.webhook_id == webhook.id),
            delete(WebhookSecret).where(WebhookSecret.webhook_id == webhook.id),
        ):
            self.session.execute(statement.execution_options(synchronize_session=False))
        self.session.delete(webhook)
        self.session.flush()


class DeliveryRepository(Repository[Delivery]):
    """What is sent to webhooks."""

    model = Delivery

    def page_of(self, webhook_id: int, ask: PageRequest) -> Page[tuple[Delivery, Happening]]:
        """Return the log of a webhook, newest first."""
        statement = (
            select(Delivery, Happening)
            .join(Happening, Happening.id == Delivery.happening_id)
            .where(Delivery.webhook_id == webhook_id)
        )
        at = ask.position()
        if at is not None:
            statement = statement.where(Delivery.id < at[0])
        rows = self.session.execute(statement.order_by(Delivery.id.desc()).limit(ask.limit + 1)).all()
        return page_of([(row[0], row[1]) for row in rows], ask, lambda row: (row[0].id,))

    def attempts_of(self, delivery_id: int) -> Sequence[Attempt]:
        """Return the tries of a delivery, newest first."""
        statement = select(Attempt).where(Attempt.delivery_id == delivery_id).order_by(Attempt.id.desc())
        return self.session.scalars(statement.limit(50)).all()

    def due(self, now: int, limit: int) -> Sequence[Delivery]:
        """Lock what is due, the longest due first, without what another worker has."""
        statement = (
            select(Delivery)
            .where(Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= now)
            .order_by(Delivery.next_attempt_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return self.session.scalars(statement.execution_options(populate_existing=True)).all()

    def put_off(self, webhook_id: int, until: int) -> None:
        """Let everything else for an address wait that does not answer."""
        self.session.execute(
            update(Delivery)
            .where(
                Delivery.webhook_id == webhook_id,
                Delivery.state == DeliveryState.PENDING,
                Delivery.lease == 0,
                Delivery.next_attempt_at < until,
            )
            .values(next_attempt_at=until)
            .execution_options(synchronize_session=False)
        )

    def give_up(self, webhook_id: int, code: bytes, now: int) -> None:
        """End what waits for a webhook that is switched off."""
        self.session.execute(
            update(Delivery)
            .where(Delivery.webhook_id == webhook_id, Delivery.state == DeliveryState.PENDING)
            .values(state=DeliveryState.FAILED, last_code=code, lease=0, ended_at=now)
            .execution_options(synchronize_session=False)
        )

    def failures_since(self, webhook_id: int, at: int) -> int:
        """Count the tries that failed since an instant."""
        statement = (
            select(func.count())
            .select_from(Attempt)
            .join(Delivery, Delivery.id == Attempt.delivery_id)
            .where(Delivery.webhook_id == webhook_id, Attempt.at >= at)
        )
        return self.session.scalar(statement) or 0

    def add_attempt(self, attempt: Attempt) -> None:
        """Insert what came of a try."""
        self.session.add(attempt)
        self.session.flush()

    def delete_before(self, at: int, limit: int) -> int:
        """Delete a chunk of what ended before, with its tries; returns how many."""
        old = select(Delivery.id).where(Delivery.created_at < at, Delivery.state != DeliveryState.PENDING)
        numbers = list(self.session.scalars(old.order_by(Delivery.id).limit(limit)))
        if numbers:
            self.session.execute(delete(Attempt).where(Attempt.delivery_id.in_(numbers)))
            self.session.execute(delete(Delivery).where(Delivery.id.in_(numbers)))
        return len(numbers)
