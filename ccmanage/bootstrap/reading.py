"""Questions across features."""

from functools import cached_property

from ccmanage.bootstrap.usage import UsageScope
from ccmanage.notifications.settings import SILENT_MINUTES
from ccmanage.reports.alert_preview import AlertPreview
from ccmanage.reports.balance import BalanceReport
from ccmanage.reports.books.repository import BooksRepository
from ccmanage.reports.books.service import BooksService
from ccmanage.reports.events import EventReport
from ccmanage.reports.gateways import GatewayReport
from ccmanage.reports.labels import Labels
from ccmanage.reports.overview import Features, OverviewReport
from ccmanage.reports.plans import PlanReport
from ccmanage.reports.slow_alerts import SlowAlerts
from ccmanage.reports.usage import UsageReport
from ccmanage.reports.watch import Features as Watched
from ccmanage.reports.watch import InstallationWatch
from ccmanage.reports.whatif import WhatIfReport
from ccmanage.reports.workspaces import WorkspaceReport


class ReadingScope(UsageScope):
    """The reports."""

    @cached_property
    def books(self) -> BooksService:
        """What audits of the books found."""
        return BooksService(BooksRepository(self.session))

    @cached_property
    def workspace_report(self) -> WorkspaceReport:
        """Workspaces with their figures."""
        return WorkspaceReport(self.session, self.clock, self.workspaces, self.accounts, self.keys, self.credits)

    @cached_property
    def gateway_report(self) -> GatewayReport:
        """Gateways and what was heard of them."""
        return GatewayReport(self.session, self.gateways)

    @cached_property
    def labels(self) -> Labels:
        """Names for numbers."""
        return Labels(self.session, self.accounts, self.keys)

    @cached_property
    def usage_report(self) -> UsageReport:
        """Sums of usage."""
        return UsageReport(self.session, self.labels)

    @cached_property
    def event_report(self) -> EventReport:
        """Single calls and their receipts."""
        return EventReport(self.session, self.labels, self._runtime.numbers, self.pricing, self.credits)

    @cached_property
    def overview_report(self) -> OverviewReport:
        """The installation at a glance."""
        features = Features(self.workspaces, self.accounts, self.keys, self.gateways, self.usage, self.quarantine)
        return OverviewReport(self.session, features, self.usage_report)

    @cached_property
    def plan_report(self) -> PlanReport:
        """Subscriptions with what is left, what was reset and what comes."""
        return PlanReport(self.session, self.clock, self.subscription_views, self.credits)

    @cached_property
    def what_if_report(self) -> WhatIfReport:
        """What other packages would have come to."""
        return WhatIfReport(self.session, self.clock, self.subscription_views, self.packages)

    @cached_property
    def balance_report(self) -> BalanceReport:
        """Balances with their outlook."""
        return BalanceReport(self.session, self.clock, self.credits, self.holds, self.subscription_views)

    @cached_property
    def alert_preview(self) -> AlertPreview:
        """When a threshold would have fired."""
        return AlertPreview(self.session, self.clock)

    @cached_property
    def slow_alerts(self) -> SlowAlerts:
        """Thresholds that only the timetable finds crossed."""
        return SlowAlerts(self.session, self.clock, self.thresholds, self.credits, self.subscription_views)

    @cached_property
    def installation_watch(self) -> InstallationWatch:
        """What administrators must be told."""
        watched = Watched(self.happenings, self.usage, self.books)
        return InstallationWatch(self.session, self.clock, watched, self.settings.get(SILENT_MINUTES))
