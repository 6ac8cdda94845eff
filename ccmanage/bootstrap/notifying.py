"""What people and machines are told."""

from functools import cached_property

from ccmanage.bootstrap.people import PeopleScope
from ccmanage.notifications.happenings import HappeningService
from ccmanage.notifications.repository import HappeningRepository, NotificationRepository, ThresholdRepository
from ccmanage.notifications.service import ThresholdService
from ccmanage.notifications.telling import Tables, Teller
from ccmanage.notifications.webhook_repository import WebhookRepository


class NotifyingScope(PeopleScope):
    """The services of notifications."""

    @cached_property
    def thresholds(self) -> ThresholdService:
        """What somebody wants to be told of."""
        return ThresholdService(ThresholdRepository(self.session), self.clock, self.audit, self._above)

    @cached_property
    def happenings(self) -> HappeningService:
        """What happened."""
        webhooks = WebhookRepository(self.session)
        return HappeningService(self, HappeningRepository(self.session), webhooks, self.workspaces)

    @cached_property
    def teller(self) -> Teller:
        """Whom it is told."""
        tables = Tables(
            ThresholdRepository(self.session),
            HappeningRepository(self.session),
            NotificationRepository(self.session),
            WebhookRepository(self.session),
        )
        return Teller(self, tables, self.happenings, self.accounts, self.workspaces)
