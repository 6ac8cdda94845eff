"""What other packages would have come to on one's own last three months."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccmanage.core.clock import Clock
from ccmanage.packages.service import Offer, PackageService
from ccmanage.subscriptions.rules import Span, months_before
from ccmanage.subscriptions.views import SubscriptionViews
from ccmanage.subscriptions.whatif import Usage, WhatIf, what_if
from ccmanage.usage.models import SLOT_MS, Rollup

MONTHS: Final = 3


@dataclass(frozen=True, slots=True)
class Alternative:
    """A package, and what it would have come to."""

    offer: Offer
    is_current: bool
    result: WhatIf


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was used in three months, and what each package would have made of it."""

    span: Span
    used_nano: int
    alternatives: Sequence[Alternative]


class WhatIfReport:
    """Reads the rollups, lives the months through again."""

    def __init__(self, session: Session, clock: Clock, views: SubscriptionViews, packages: PackageService) -> None:
        self._session = session
        self._clock = clock
        self._views = views
        self._packages = packages

    def of(self, workspace_id: int) -> Comparison:
        """Compare the packages that can be chosen, and the one that the workspace has."""
        view = self._views.find(workspace_id)
        current = view if view and not view.standing.is_final else None
        zone = current.standing.zone_info if current else ZoneInfo("UTC")
        now = self._clock.now_ms()
        span = Span(months_before(now, MONTHS, zone), now)
        usage = self._usage(workspace_id, span)
        offers = self._packages.offers()
        if current and current.version.id not in {offer.version.id for offer in offers}:
            offers.insert(0, Offer(current.package, current.version))
        alternatives = [
            Alternative(
                offer,
                current is not None and offer.version.id == current.version.id,
                what_if(offer.version.terms, usage, zone, span),
            )
            for offer in offers
        ]
        return Comparison(span, sum(usage.credits), alternatives)

    def _usage(self, workspace_id: int, span: Span) -> Usage:
        rows = self._session.execute(
            select(Rollup.slot, func.sum(Rollup.credits_nano))
            .where(
                Rollup.workspace_id == workspace_id,
                Rollup.slot >= span.start // SLOT_MS,
                Rollup.slot <= span.end // SLOT_MS,
            )
            .group_by(Rollup.slot)
            .order_by(Rollup.slot)
        ).all()
        # A slot counts where it begins; the first began before the months, if it did not begin with them.
        return Usage([max(span.start, slot * SLOT_MS) for slot, _sum in rows], [int(total) for _slot, total in rows])
