"""What people and machines are told."""

from functools import cached_property

from ccmanage.bootstrap.people import PeopleScope
from ccmanage.notifications.delivering import DeliveryService
from ccmanage.notifications.happenings import HappeningService
from ccmanage.notifications.lists import NotificationService
from ccmanage.notifications.mailing import MailingService, People
from ccmanage.notifications.repository import HappeningRepository, NotificationRepository, ThresholdRepository
from ccmanage.notifications.service import ThresholdService
from ccmanage.notifications.telling import Tables, Teller
from ccmanage.notifications.webhook_repository import DeliveryRepository, WebhookRepository
from ccmanage.notifications.webhooks import WebhookService, WebhookTables


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

    @cached_property
    def notifications(self) -> NotificationService:
        """People's lists."""
        return NotificationService(NotificationRepository(self.session), HappeningRepository(self.session), self.clock)

    @cached_property
    def notification_mails(self) -> MailingService:
        """Mails about what is in the lists."""
        repositories = NotificationRepository(self.session), HappeningRepository(self.session)
        people = People(self.accounts, self.workspaces)
        return MailingService(self, repositories, people, self.email, self._runtime.settings.public_url)

    @cached_property
    def webhooks(self) -> WebhookService:
        """Which machines are told."""
        runtime = self._runtime
        return WebhookService(self, self._webhook_tables, runtime.ring, runtime.outbound_policy, self.audit)

    @cached_property
    def deliveries(self) -> DeliveryService:
        """What is sent to them."""
        runtime = self._runtime
        return DeliveryService(self, self._webhook_tables, runtime.ring, runtime.outbound_policy, self.happenings)

    @cached_property
    def _webhook_tables(self) -> WebhookTables:
        session = self.session
        return WebhookTables(WebhookRepository(session), DeliveryRepository(session), HappeningRepository(session))
