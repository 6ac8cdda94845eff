"""Subscriptions as they are shown: with their package, what waits for the next period, and what happened so far."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.packages.models import Package
from ccmanage.packages.rules import Version
from ccmanage.packages.service import PackageService
from ccmanage.subscriptions.errors import SubscriptionNotFound
from ccmanage.subscriptions.models import Renewal, Subscription
from ccmanage.subscriptions.repository import SubscriptionRepository, standing_of
from ccmanage.subscriptions.rules import periods_after
from ccmanage.subscriptions.states import Standing, State


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription with what it is a subscription to. `pending` begins with the next period."""

    row: Subscription
    standing: Standing
    package: Package
    version: Version
    pending_package: Package | None
    pending: Version | None

    def next_resets(self, count: int) -> list[int]:
        """Return when the next allowances come."""
        first = self.standing.resets_at
        if not first:
            return []
        version = self.pending or self.version
        same = self.standing.state is State.ACTIVE and version.terms.period == self.version.terms.period
        anchor = self.standing.anchor_at if same else first
        later = periods_after(anchor, version.terms.period, self.standing.zone_info, first)
        ends_at = self.standing.ends_at
        return [first, *(span.start for span in islice(later, count - 1) if not ends_at or span.start < ends_at)]


class SubscriptionViews:
    """Reads of subscriptions. Rows are read anew: they are written past the session."""

    def __init__(self, repository: SubscriptionRepository, packages: PackageService) -> None:
        self._repository = repository
        self._packages = packages

    def find(self, workspace_id: int) -> SubscriptionView | None:
        """Return the subscription that a workspace has, or had last."""
        row = self._repository.newest_of(workspace_id)
        return self._views([row])[0] if row else None

    def get(self, public_id: bytes) -> SubscriptionView:
        """Return a subscription; raises SubscriptionNotFound."""
        row = self._repository.anew(public_id)
        if row is None:
            raise SubscriptionNotFound
        return self._views([row])[0]

    def page(
        self, ask: PageRequest, *, state: State | None = None, package_id: int | None = None, failed: bool = False
    ) -> Page[SubscriptionView]:
        """Return subscriptions, newest first."""
        page = self._repository.page_of_all(ask, state=state, package_id=package_id, failed=failed)
        return Page(self._views(page.items), page.next_cursor)

    def upcoming(self, from_at: int, to_at: int, ask: PageRequest) -> Page[SubscriptionView]:
        """Return subscriptions by when something happens next, the soonest first."""
        page = self._repository.upcoming(from_at, to_at, ask)
        return Page(self._views(page.items), page.next_cursor)

    def renewals(self, subscription_id: int, ask: PageRequest) -> Page[Renewal]:
        """Return the periods that were opened and closed, newest first."""
        return self._repository.renewals_page(subscription_id, ask)

    def subscribers(self, version_ids: Collection[int]) -> Mapping[int, int]:
        """Count the living subscriptions of versions."""
        return self._repository.subscribers(version_ids)

    def bounded_by_keys(self) -> Mapping[int, int]:
        """Return the versions in use that say how many keys a workspace may have, with that number."""
        versions = self._packages.versions(self._repository.versions_in_use())
        bounds = {number: version.terms.key_limits.max_keys for number, version in versions.items()}
        return {number: most for number, most in bounds.items() if most is not None}

    def resets_at(self, workspace_id: int) -> int | None:
        """Return when a workspace's next allowance comes; None if none will come."""
        found = self._repository.live_in([workspace_id])
        return (found[0].resets_at or None) if found else None

    def _views(self, rows: Sequence[Subscription]) -> list[SubscriptionView]:
        versions = self._packages.versions(_both(rows))
        packages = self._packages.named(version.package_id for version in versions.values())
        views = []
        for row in rows:
            pending = versions.get(row.pending_version_id)
            views.append(
                SubscriptionView(
                    row=row,
                    standing=standing_of(row),
                    package=packages[row.package_id],
                    version=versions[row.version_id],
                    pending_package=packages[pending.package_id] if pending else None,
                    pending=pending,
                )
            )
        return views


def _both(rows: Iterable[Subscription]) -> set[int]:
    return {number for row in rows for number in (row.version_id, row.pending_version_id) if number}
