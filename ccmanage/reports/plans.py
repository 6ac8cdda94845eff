"""Subscriptions as people look at them: what is left and what will become of it, what was reset, what comes when."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, and_, case, func, literal_column, or_, select
from sqlalchemy.orm import Session

from ccmanage.accounts.rules import is_time_zone
from ccmanage.core.clock import DAY, SECOND, Clock
from ccmanage.core.errors import invalid
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.credits.models import EntryKind, Grant, GrantState, LedgerEntry, Origin
from ccmanage.credits.rules import Rollover
from ccmanage.credits.service import CreditService
from ccmanage.packages.models import PackageVersion
from ccmanage.subscriptions.models import Renewal, Subscription
from ccmanage.subscriptions.states import RUNNING
from ccmanage.subscriptions.views import SubscriptionView, SubscriptionViews
from ccmanage.usage.models import SLOT_MS

RESETS_SHOWN: Final = 5
MAX_CALENDAR_MS: Final = 400 * DAY


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A subscription, what is left of its allowance, and what the period's end will make of that."""

    view: SubscriptionView
    remaining_nano: int
    rolls_over_nano: int
    next_resets: Sequence[int]

    @property
    def expires_nano(self) -> int:
        """Return what will be gone at the period's end if nothing more is used."""
        return self.remaining_nano - self.rolls_over_nano


@dataclass(frozen=True, slots=True)
class Proof:
    """What a renewal wrote: summed, and entry by entry."""

    renewal: Renewal
    granted_nano: int
    expired_nano: int
    kept_nano: int
    forgiven_nano: int
    entries: Sequence[LedgerEntry]


@dataclass(frozen=True, slots=True)
class ResetDay:
    """How many subscriptions are reset on a day of the reader's zone, and what they will be given."""

    day: str
    resets: int
    granted_nano: int


class PlanReport:
    """Reads across subscriptions, packages and the books."""

    def __init__(self, session: Session, clock: Clock, views: SubscriptionViews, credits: CreditService) -> None:
        self._session = session
        self._clock = clock
        self._views = views
        self._credits = credits

    def of(self, workspace_id: int) -> PlanLine | None:
        """Return the subscription that a workspace has, or had last."""
        view = self._views.find(workspace_id)
        return self.line(view) if view else None

    def line(self, view: SubscriptionView) -> PlanLine:
        """Return a subscription with what is left of its allowance."""
        grants = self._credits.standing(view.standing.workspace_id).grants
        own = [grant for grant in grants if _is_own(grant, view.standing.renewal_id)]
        left = sum(grant.remaining_nano for grant in own)
        return PlanLine(view, left, _rolls_over(view, left, grants), view.next_resets(RESETS_SHOWN))

    def proofs(self, subscription_id: int, ask: PageRequest) -> Page[Proof]:
        """Return what each period's end and start wrote, newest first."""
        page = self._views.renewals(subscription_id, ask)
        entries: dict[int, list[LedgerEntry]] = defaultdict(list)
        for entry in self._credits.entries_of_renewals([renewal.id for renewal in page.items]):
            entries[entry.ref_id].append(entry)
        return page.map(lambda renewal: _proof(renewal, entries[renewal.id]))

    def days(self, from_at: int, to_at: int, zone: str) -> list[ResetDay]:
        """Return the next resets of all subscriptions, day by day of a zone; raises InvalidInput."""
        if not is_time_zone(zone):
            raise invalid("/tz", "time_zone.unknown", "Use an IANA name such as Europe/Berlin.")
        if not from_at < to_at <= from_at + MAX_CALENDAR_MS:
            raise invalid("/to", "range.invalid", "Ask for 1 to 400 days.")
        info, days = ZoneInfo(zone), defaultdict[str, list[int]](lambda: [0, 0])
        for slot, resets, granted in self._slots(from_at, to_at):
            # Every zone's offset is a multiple of a slot, so that no slot lies on two days.
            day = datetime.fromtimestamp(slot * SLOT_MS // SECOND, info).date().isoformat()
            days[day][0] += resets
            days[day][1] += granted
        return [ResetDay(day, resets, granted) for day, (resets, granted) in sorted(days.items())]

    def _slots(self, from_at: int, to_at: int) -> list[tuple[int, int, int]]:
        due = Subscription.next_attempt_at
        slot = (due // literal_column(str(SLOT_MS), Integer)).label("slot")
        coming = case(
            (Subscription.pending_version_id > 0, Subscription.pending_version_id), else_=Subscription.version_id
        )
        rows = self._session.execute(
            select(slot, func.count(), func.sum(PackageVersion.allowance_nano))
            .join(PackageVersion, PackageVersion.id == coming)
            .where(
                and_(due >= max(1, from_at), due < to_at, Subscription.cancels == 0),
                Subscription.state.in_([int(state) for state in RUNNING]),
                or_(Subscription.ends_at == 0, Subscription.ends_at > due),
            )
            .group_by(literal_column("slot"))
        )
        return [(int(number), int(resets), int(granted)) for number, resets, granted in rows]


def _is_own(grant: Grant, renewal_id: int) -> bool:
    return bool(renewal_id) and grant.renewal_id == renewal_id and grant.state == GrantState.ACTIVE


def _rolls_over(view: SubscriptionView, left: int, grants: Sequence[Grant]) -> int:
    """Return what the rule will keep if nothing more is used: what ends with the period makes room under the cap."""
    standing, rule = view.standing, view.version.terms.rollover
    if standing.cancels or not standing.period_end_at or standing.period_end_at == standing.ends_at:
        return 0
    earlier = sum(
        grant.remaining_nano
        for grant in grants
        if grant.origin == Origin.SUBSCRIPTION
        and grant.state == GrantState.ACTIVE
        and not grant.renewal_id
        and not 0 < grant.expires_at <= standing.period_end_at
    )
    return Rollover(rule.percent, rule.cap_nano).kept(left, earlier)


def _proof(renewal: Renewal, entries: Sequence[LedgerEntry]) -> Proof:
    def total(kind: EntryKind) -> int:
        return sum(entry.amount_nano for entry in entries if entry.kind == kind)

    kept = sum(max(0, entry.amount_nano) for entry in entries if entry.kind == EntryKind.ROLLOVER)
    return Proof(
        renewal=renewal,
        granted_nano=total(EntryKind.GRANT),
        expired_nano=-total(EntryKind.EXPIRY),
        kept_nano=kept,
        forgiven_nano=total(EntryKind.FORGIVENESS),
        entries=entries,
    )
