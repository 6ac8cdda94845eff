"""What may be spent: keys, packages, credits, prices."""

from collections.abc import Sequence
from functools import cached_property

from ccmanage.bootstrap.hearing import news_of_turns
from ccmanage.bootstrap.notifying import NotifyingScope
from ccmanage.credit_requests.letters import RequestLetters
from ccmanage.credit_requests.repository import CreditRequestRepository
from ccmanage.credit_requests.service import CreditRequestService
from ccmanage.credits.holds import HoldService
from ccmanage.credits.repository import CreditRepository
from ccmanage.credits.service import CreditService
from ccmanage.gateways.repository import GatewayRepository
from ccmanage.gateways.service import GatewayService
from ccmanage.keys.leaving import LeavingKeys
from ccmanage.keys.limiting import KeyLimitService
from ccmanage.keys.repository import KeyRepository
from ccmanage.keys.service import KeyService
from ccmanage.packages.repository import PackageRepository
from ccmanage.packages.service import PackageService
from ccmanage.pricing.repository import PriceRepository
from ccmanage.pricing.service import PricingService
from ccmanage.subscriptions.bulk import BulkService
from ccmanage.subscriptions.changes import ChangeService
from ccmanage.subscriptions.clock import DatabaseClock
from ccmanage.subscriptions.desk import Desk
from ccmanage.subscriptions.letters import SubscriptionLetters
from ccmanage.subscriptions.moves import MoveRepository
from ccmanage.subscriptions.moving import MoveService
from ccmanage.subscriptions.repository import SubscriptionRepository
from ccmanage.subscriptions.service import SubscriptionService
from ccmanage.subscriptions.turning import Done, key_bounds
from ccmanage.subscriptions.views import SubscriptionViews
from ccmanage.vouchers.repository import VoucherRepository
from ccmanage.vouchers.service import VoucherService


class SpendingScope(NotifyingScope):
    """The services of keys, gateways, packages, subscriptions, credits and prices."""

    @cached_property
    def gateways(self) -> GatewayService:
        """Machine clients."""
        return GatewayService(GatewayRepository(self.session), self.clock, self._runtime.digester, self.audit)

    @cached_property
    def credits(self) -> CreditService:
        """Grants, ledger, balances."""
        return CreditService(self, CreditRepository(self.session), self.audit)

    @cached_property
    def vouchers(self) -> VoucherService:
        """Codes that give credits."""
        return VoucherService(
            VoucherRepository(self.session), self.credits, self._runtime.digester, self.clock, self.audit
        )

    @cached_property
    def credit_requests(self) -> CreditRequestService:
        """Who needs more, and what was decided."""
        letters = RequestLetters(self.email, self.accounts, self.workspaces, self._runtime.settings.public_url)
        repository = CreditRequestRepository(self.session)
        return CreditRequestService(repository, self.credits, self.clock, self.audit, letters)

    @cached_property
    def holds(self) -> HoldService:
        """Credits set aside."""
        return HoldService(self, CreditRepository(self.session))

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
    def subscriber_moves(self) -> MoveService:
        """All subscribers of a package, moved in the background."""
        return MoveService(self, MoveRepository(self.session), self.packages, self.subscription_bulk, self.audit)

    @cached_property
    def _subscription_repository(self) -> SubscriptionRepository:
        return SubscriptionRepository(self.session)

    @cached_property
    def _subscription_desk(self) -> Desk:
        # A clock that was handed in is meant for everything; else a jump of this host's must not move periods.
        clock = DatabaseClock(self.session, self.clock) if self._runtime.uses_database_clock else self.clock
        address = self._runtime.settings.public_url
        letters = SubscriptionLetters(self.email, self.accounts, self.workspaces, self.packages, address)
        return Desk(self, self._subscription_repository, self.packages, clock, letters, self._after_turns)

    def _after_turns(self, done: Sequence[Done]) -> None:
        self.happenings.publish(news_of_turns(done))
        if bounds := key_bounds(done, self._subscription_desk.versions):
            self.key_limits.fit_to(bounds)

    @cached_property
    def keys(self) -> KeyService:
        """API keys."""
        return KeyService(
            KeyRepository(self.session), self.clock, self._runtime.digester, self.audit, self.subscription_views
        )

    @cached_property
    def key_limits(self) -> KeyLimitService:
        """What limits them."""
        return KeyLimitService(KeyRepository(self.session), self.keys, self._runtime.ring, self.clock, self.audit)

    @cached_property
    def leaving_keys(self) -> LeavingKeys:
        """Keys whose maker goes."""
        return LeavingKeys(KeyRepository(self.session), self.clock, self.audit, self.accounts, self.workspaces)

    @cached_property
    def pricing(self) -> PricingService:
        """The price book."""
        cache = self._runtime.price_cache
        return PricingService(self, PriceRepository(self.session), cache, self.clock, self.audit)
