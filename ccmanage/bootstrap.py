"""The only composition root: one Runtime a process, one Scope a transaction. Built by hand, typed through."""

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import TypeVar

from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.sessions import SessionService
from ccmanage.accounts.throttle import SignInThrottle
from ccmanage.audit.repository import AuditRepository
from ccmanage.audit.service import Actor, AuditService
from ccmanage.core.clock import MINUTE, Clock, FileClock, SystemClock
from ccmanage.core.config import Settings
from ccmanage.core.crypto import KeyRing, decode_secret
from ccmanage.core.db import Database
from ccmanage.core.jwt import Tokens
from ccmanage.core.security import Digester, Passwords
from ccmanage.core.tasks import Queue
from ccmanage.core.uow import UnitOfWork, with_retries
from ccmanage.credits.repository import CreditRepository
from ccmanage.credits.service import CreditService
from ccmanage.gateways.repository import GatewayRepository
from ccmanage.gateways.service import GatewayService
from ccmanage.keys.repository import KeyRepository
from ccmanage.keys.service import KeyService
from ccmanage.packages.repository import PackageRepository
from ccmanage.packages.service import PackageService
from ccmanage.pricing.cache import PriceBookCache
from ccmanage.pricing.repository import PriceRepository
from ccmanage.pricing.service import PricingService
from ccmanage.reports.balance import BalanceReport
from ccmanage.reports.books.repository import BooksRepository
from ccmanage.reports.books.service import BooksService
from ccmanage.reports.events import EventReport
from ccmanage.reports.gateways import GatewayReport
from ccmanage.reports.labels import Labels
from ccmanage.reports.numbers import OutsideNumbers
from ccmanage.reports.overview import Features, OverviewReport
from ccmanage.reports.plans import PlanReport
from ccmanage.reports.usage import UsageReport
from ccmanage.reports.whatif import WhatIfReport
from ccmanage.reports.workspaces import WorkspaceReport
from ccmanage.subscriptions.bulk import BulkService
from ccmanage.subscriptions.changes import ChangeService
from ccmanage.subscriptions.clock import DatabaseClock
from ccmanage.subscriptions.desk import Desk
from ccmanage.subscriptions.repository import SubscriptionRepository
from ccmanage.subscriptions.service import SubscriptionService
from ccmanage.subscriptions.sweeping import Renewer
from ccmanage.subscriptions.views import SubscriptionViews
from ccmanage.usage.late import charge_late_prices
from ccmanage.usage.quarantine import QuarantineService
from ccmanage.usage.repository import BatchRepository, QuarantineRepository
from ccmanage.usage.service import UsageService
from ccmanage.usage.settlement import Settler
from ccmanage.workspaces.repository import WorkspaceRepository
from ccmanage.workspaces.service import WorkspaceService

T = TypeVar("T")


class Scope(UnitOfWork):
    """One transaction and its services, built when they are first asked for."""

    def __init__(self, runtime: "Runtime", actor: Actor, *, write: bool) -> None:
        super().__init__(runtime.database, runtime.queue, runtime.clock, write=write)
        self._runtime = runtime
        self._actor = actor

    @cached_property
    def audit(self) -> AuditService:
        """Who did what."""
        return AuditService(AuditRepository(self.session), self._runtime.ring, self.clock, self._actor)

    @cached_property
    def accounts(self) -> AccountService:
        """People."""
        sessions = SessionRepository(self.session)
        people = AccountRepository(self.session)
        return AccountService(people, sessions, self._runtime.ring, self.clock, self.audit, _Above(self))

    @cached_property
    def sessions(self) -> SessionService:
        """Their sign-ins."""
        repository, idle_ms = SessionRepository(self.session), self._runtime.settings.session_idle_minutes * MINUTE
        return SessionService(repository, self._runtime.ring, self._runtime.tokens, self.clock, self.audit, idle_ms)

    @cached_property
    def workspaces(self) -> WorkspaceService:
        """Who owns things."""
        return WorkspaceService(WorkspaceRepository(self.session), self.clock, self.audit, self.accounts, _Above(self))

    @cached_property
    def gateways(self) -> GatewayService:
        """Machine clients."""
        return GatewayService(GatewayRepository(self.session), self.clock, self._runtime.digester, self.audit)

    @cached_property
    def credits(self) -> CreditService:
        """Grants, ledger, balances."""
        return CreditService(self, CreditRepository(self.session), self.audit)

    @cached_property
    def packages(self) -> PackageService:
        """What can be subscribed to."""
        return PackageService(PackageRepository(self.session), self.clock, self.audit)

    @cached_property
    def subscriptions(self) -> SubscriptionService:
        """Whose allowance comes when."""
        return SubscriptionService(
            self._subscription_repository, self.subscription_views, self._subscription_desk, self.audit
        )

    @cached_property
    def subscription_views(self) -> SubscriptionViews:
        """Subscriptions with their packages."""
        return SubscriptionViews(self._subscription_repository, self.packages)

    @cached_property
    def subscription_changes(self) -> ChangeService:
        """Changes of package, shown before they are made."""
        return ChangeService(
            self._subscription_repository,
            self.subscriptions,
            self.subscription_views,
            self._subscription_desk,
            self.credits,
            self.audit,
        )

    @cached_property
    def subscription_bulk(self) -> BulkService:
        """Many subscriptions at once."""
        return BulkService(self._subscription_repository, self._subscription_desk, self.audit)

    @cached_property
    def _subscription_repository(self) -> SubscriptionRepository:
        return SubscriptionRepository(self.session)

    @cached_property
    def _subscription_desk(self) -> Desk:
        # A clock that was handed in is meant for everything; else a jump of this host's must not move periods.
        clock = DatabaseClock(self.session, self.clock) if self._runtime.uses_database_clock else self.clock
        return Desk(self, self._subscription_repository, self.packages, clock)

    @cached_property
    def keys(self) -> KeyService:
        """API keys."""
        return KeyService(KeyRepository(self.session), self.clock, self._runtime.digester, self.audit)

    @cached_property
    def pricing(self) -> PricingService:
        """The price book."""
        cache = self._runtime.price_cache
        return PricingService(self, PriceRepository(self.session), cache, self.clock, self.audit)

    @cached_property
    def usage(self) -> UsageService:
        """The inbox and its batches."""
        return UsageService(self, BatchRepository(self.session))

    @cached_property
    def books(self) -> BooksService:
        """What audits of the books found."""
        return BooksService(BooksRepository(self.session))

    @cached_property
    def quarantine(self) -> QuarantineService:
        """Events that could not be settled."""
        return QuarantineService(self, QuarantineRepository(self.session), self.audit)

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
        return BalanceReport(self.session, self.clock, self.credits, self.subscription_views)


class _Above:
    """What lower features let upper ones do in the same transaction."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def open_personal_workspace(self, user_id: int) -> None:
        self._scope.workspaces.open_personal(user_id)

    def revoke_keys_of(self, user_id: int) -> int:
        return self._scope.keys.revoke_all_of(user_id)

    def opened(self, workspace_id: int) -> None:
        self._scope.credits.open_account(workspace_id)


class Runtime:
    """What a process has: settings, engine, queue, clock, keys. Nothing of it is made at import."""

    def __init__(self, settings: Settings, queue: Queue, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.queue = queue
        self.uses_database_clock = clock is None
        self.clock: Clock = clock or (
            FileClock(settings.test_clock_file) if settings.test_clock_file else SystemClock()
        )
        self.database = Database(settings.database_url, pool_size=settings.database_pool)
        self.ring = KeyRing([decode_secret(secret) for secret in settings.encryption_keys])
        self.digester = Digester(decode_secret(settings.key_pepper))
        self.numbers = OutsideNumbers(decode_secret(settings.key_pepper))
        self.passwords = Passwords()
        self.price_cache = PriceBookCache()
        self.settler = Settler(self.scope, self.clock, max_events=settings.settle_events)
        self.renewer = Renewer(self.scope, self.read)
        self.throttle = SignInThrottle(self.clock)
        self.tokens = Tokens([decode_secret(secret) for secret in settings.secret_keys], "session")

    def scope(self, actor: Actor | None = None) -> Scope:
        """Open a transaction that may write: commits on leave, rolls back on error."""
        return Scope(self, actor or Actor(), write=True)

    def read(self, actor: Actor | None = None) -> Scope:
        """Open a transaction that only reads."""
        return Scope(self, actor or Actor(), write=False)

    def run(self, work: Callable[[Scope], T], actor: Actor | None = None) -> T:
        """Run repeatable work in a transaction, again as a whole after a transient error."""

        def once() -> T:
            with self.scope(actor) as scope:
                return work(scope)

        return with_retries(once, repeatable=True)

    def charge_late_prices(self) -> int:
        """Charge the events whose price is known by now; returns how many."""
        return charge_late_prices(self.scope, self.clock)

    def with_database(self, database: Database) -> "Runtime":
        """Return the same runtime on other connections."""
        other = copy(self)
        other.database = database
        return other

    def close(self) -> None:
        """Let go of all connections."""
        self.database.dispose()
