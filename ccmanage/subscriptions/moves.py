"""Queries of moves of subscribers."""

from collections.abc import Collection

from sqlalchemy import select

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.subscriptions.models import MoveState, SubscriberMove
from ccmanage.subscriptions.repository import SubscriptionRepository


class MoveRepository(Repository[SubscriberMove]):
    """Moves of subscribers."""

    model = SubscriberMove

    def running_of(self, package_id: int) -> SubscriberMove | None:
        """Return the move of a package that runs."""
        statement = select(SubscriberMove).where(SubscriberMove.running_package_id == package_id)
        return self.session.scalars(statement).one_or_none()

    def running(self) -> list[tuple[int, int]]:
        """Return the moves that run and who asked for them, the oldest first."""
        statement = select(SubscriberMove.id, SubscriberMove.created_by).where(
            SubscriberMove.state == MoveState.RUNNING
        )
        return [(number, by) for number, by in self.session.execute(statement.order_by(SubscriberMove.id))]

    def lock_running(self, number: int) -> SubscriberMove | None:
        """Lock a move that runs, unless somebody else is at it."""
        statement = select(SubscriberMove).where(SubscriberMove.id == number, SubscriberMove.state == MoveState.RUNNING)
        locked = statement.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        return self.session.scalars(locked).one_or_none()

    def page_of_package(self, package_id: int, ask: PageRequest) -> Page[SubscriberMove]:
        """Return the moves of a package, newest first."""
        return self.page(select(SubscriberMove).where(SubscriberMove.package_id == package_id), ask, SubscriberMove.id)

    def extent(self, version_ids: Collection[int]) -> tuple[int, int]:
        """Return how many living subscriptions versions have, and the highest number of one."""
        return SubscriptionRepository(self.session).extent(version_ids)

    def next_after(self, version_ids: Collection[int], move: SubscriberMove) -> int | None:
        """Return the number of the subscription that a move has before it."""
        found = SubscriptionRepository(self.session).live_of_versions(version_ids, move.after_id, 1, last=move.last_id)
        return found[0][0] if found else None
