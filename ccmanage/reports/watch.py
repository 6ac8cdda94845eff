"""Look whether administrators must be told something, once for each time that it begins."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccmanage.core.clock import DAY, HOUR, MINUTE, Clock, to_rfc3339
from ccmanage.core.ids import GATEWAY, encode_id
from ccmanage.gateways.models import Gateway, GatewayState
from ccmanage.notifications import catalogue
from ccmanage.notifications.happenings import HappeningService, News
from ccmanage.reports.books.service import BooksService
from ccmanage.usage.models import GatewayActivity, QuarantinedEvent, QuarantineState
from ccmanage.usage.service import UsageService

# Who has not spoken for a month was taken away, not silenced.
_FORGOTTEN_MS: Final = 30 * DAY
_MOST_GATEWAYS: Final = 1_000
_QUARANTINE_GROWTH: Final = 10
_LATE_MS: Final = 5 * MINUTE
_SILENT: Final = "gateway.silent:"
_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class Features:
    """What is asked."""

    happenings: HappeningService
    usage: UsageService
    books: BooksService


class InstallationWatch:
    """Looks at the installation's health."""

    def __init__(self, session: Session, clock: Clock, features: Features, silent_minutes: int) -> None:
        self._session = session
        self._clock = clock
        self._features = features
        self._silent_ms = silent_minutes * MINUTE

    def look(self) -> None:
        """Look at everything once."""
        self._gateways()
        self._quarantine()
        self._prices()
        self._books()
        self._inbox()

    def _gateways(self) -> None:
        now = self._clock.now_ms()
        silent = self._session.execute(
            select(Gateway.id, Gateway.public_id, Gateway.name, GatewayActivity.last_post_at)
            .join(GatewayActivity, GatewayActivity.gateway_id == Gateway.id)
            .where(
                Gateway.state == GatewayState.ACTIVE,
                GatewayActivity.last_post_at <= now - self._silent_ms,
                GatewayActivity.last_post_at > now - _FORGOTTEN_MS,
            )
            .limit(_MOST_GATEWAYS)
        ).all()
        tell = self._features.happenings
        over = set(tell.open_episodes(_SILENT)) - {f"{_SILENT}{row.id}" for row in silent}
        for row in silent:
            data = {
                "id": encode_id(GATEWAY, row.public_id),
                "name": row.name,
                "last_post_at": to_rfc3339(row.last_post_at),
            }
            tell.watch(f"{_SILENT}{row.id}", News(catalogue.GATEWAY_SILENT, data=data), is_on=True)
        for name in sorted(over):
            tell.watch(name, News(catalogue.GATEWAY_SILENT), is_on=False)

    def _quarantine(self) -> None:
        since = self._clock.now_ms() - HOUR
        fresh = self._session.scalar(
            select(func.count()).where(
                QuarantinedEvent.state == QuarantineState.OPEN, QuarantinedEvent.first_seen_at >= since
            )
        )
        count = int(fresh or 0)
        # It ends only when an hour has brought nothing: else a slow trickle would be told again and again.
        if 0 < count < _QUARANTINE_GROWTH:
            return
        news = News(catalogue.QUARANTINE_GROWN, data={"count": count})
        self._features.happenings.watch("quarantine.grown", news, is_on=count > 0)

    def _prices(self) -> None:
        count = self._features.usage.unpriced_count()
        models = [one.model for one in self._features.usage.unpriced_models()[:_NAMES]] if count else []
        news = News(catalogue.PRICES_MISSING, data={"count": count, "models": models})
        self._features.happenings.watch("prices.missing", news, is_on=count > 0)

    def _books(self) -> None:
        last = self._features.books.last()
        broken = last is not None and not last.is_clean
        data = {"checked_at": to_rfc3339(last.at)} if last is not None else {}
        self._features.happenings.watch("books.broken", News(catalogue.BOOKS_BROKEN, data=data), is_on=broken)

    def _inbox(self) -> None:
        backlog, now = self._features.usage.backlog(), self._clock.now_ms()
        late = bool(backlog.batches) and backlog.oldest_at <= now - _LATE_MS
        data = {"batches": backlog.batches, "oldest_at": to_rfc3339(backlog.oldest_at)} if late else {}
        self._features.happenings.watch("inbox.delayed", News(catalogue.INBOX_DELAYED, data=data), is_on=late)
