"""Change or cancel a subscription: first shown, then carried out exactly as it was shown.

A preview pins the versions, the period and the instant. Carrying it out fails only if those are no longer so; it
is reckoned anew under the lock, for the same instant, so that usage that came between is the only difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import HOUR
from ccmanage.core.ids import SUBSCRIPTION, encode_id, new_id
from ccmanage.credits.service import CreditService
from ccmanage.packages.errors import PackageNotFound
from ccmanage.packages.rules import PeriodKind, Version, VersionState, gives_more
from ccmanage.packages.service import Offer
from ccmanage.subscriptions import states
from ccmanage.subscriptions.desk import Desk, Outcome
from ccmanage.subscriptions.errors import (
    NoPeriodEnd,
    PreviewNotFound,
    PreviewStale,
    PreviewUsed,
    SamePackage,
    SubscriptionNotFound,
    WaitsForPeriodEnd,
    WrongState,
)
from ccmanage.subscriptions.lines import EntryLine, lines_of, pack, unpack
from ccmanage.subscriptions.models import Action, SubscriptionPreview, Timing
from ccmanage.subscriptions.repository import SubscriptionRepository
from ccmanage.subscriptions.service import Assignment, SubscriptionService
from ccmanage.subscriptions.states import RUNNING, Standing, State, Turn
from ccmanage.subscriptions.views import SubscriptionView, SubscriptionViews

# A preview is reckoned for its instant; much later nobody would expect it any more.
VALID_MS: Final = HOUR


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked for. Without a timing: an upgrade now, everything else when the period ends.

    `zone` is that of a workspace's first subscription. An owner may do less than an administrator: nothing that
    would give an allowance anew before its time.
    """

    action: Action
    offer: Offer | None = None
    timing: Timing | None = None
    zone: str = "UTC"
    by_owner: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: at once (`entries`), or when the period ends if nothing more is used (`later`)."""

    public_id: bytes
    action: Action
    timing: Timing
    effective_at: int
    valid_until: int
    before: Standing | None
    after: Standing
    target: Version | None
    entries: Sequence[EntryLine]
    later: Sequence[EntryLine]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change did, what was shown before, and the usage that was charged between the two."""

    view: SubscriptionView
    entries: Sequence[EntryLine]
    previewed: Sequence[EntryLine]
    used_between_nano: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """A change of a subscription as it stands: a turn now, or a standing that the period's end will find."""

    timing: Timing
    at: int
    turn: Turn | None = None
    marked: Standing | None = None


class ChangeService:
    """Changes of package and cancellations."""

    def __init__(
        self,
        repository: SubscriptionRepository,
        subscriptions: SubscriptionService,
        views: SubscriptionViews,
        desk: Desk,
        credits: CreditService,
        audit: AuditService,
    ) -> None:
        self._repository = repository
        self._subscriptions = subscriptions
        self._views = views
        self._desk = desk
        self._credits = credits
        self._audit = audit

    def preview(self, workspace_id: int, change: Change) -> Preview:
        """Show what a change would do, and keep what was shown.

        Raises SubscriptionNotFound, SamePackage, WrongState, NoPeriodEnd, WaitsForPeriodEnd, PackageNotFound.
        """
        standing = self._living(workspace_id)
        target = change.offer.version if change.offer else None
        plan = self._plan(standing, workspace_id, change)
        entries, later = self._shown(plan)
        row = SubscriptionPreview(
            public_id=new_id(),
            workspace_id=workspace_id,
            subscription_id=standing.id if standing else 0,
            action=change.action,
            timing=plan.timing,
            target_version_id=target.id if target else 0,
            version_id=standing.version_id if standing else 0,
            renewal_id=standing.renewal_id if standing else 0,
            at=plan.at,
            spent_nano=self._spent(workspace_id),
            entries=pack(entries),
            created_by=self._audit.actor.user_id,
            created_at=self._desk.now,
            applied_at=0,
        )
        self._repository.add_preview(row)
        after = plan.turn.after if plan.turn else plan.marked
        assert after is not None  # noqa: S101 - a plan has one of both
        return Preview(
            public_id=row.public_id,
            action=change.action,
            timing=plan.timing,
            effective_at=plan.at if plan.timing is Timing.NOW else after.period_end_at,
            valid_until=row.created_at + VALID_MS,
            before=standing,
            after=after,
            target=target,
            entries=entries,
            later=later,
        )

    def apply(self, workspace_id: int, preview_id: bytes, change: Change, reason: str | None = None) -> Applied:
        """Carry out what a preview showed; raises PreviewNotFound, PreviewUsed, PreviewStale and what `preview` does.

        `change` says how the caller may change things; what is changed stands in the preview.
        """
        standing = self._living(workspace_id)
        row = self._repository.preview(workspace_id, preview_id)
        if row is None or row.created_by != self._audit.actor.user_id or row.action != change.action:
            raise PreviewNotFound
        if row.applied_at:
            raise PreviewUsed
        target = self._desk.version(row.target_version_id) if row.target_version_id else None
        if self._is_stale(row, standing, target):
            raise PreviewStale
        previewed = unpack(bytes(row.entries))
        plan = self._plan_for(standing, workspace_id, replace(change, timing=Timing(row.timing)), target, row.at)
        outcome, view = self._carry_out(plan, workspace_id)
        self._repository.mark_applied(row.id, self._desk.now)
        used = self._spent(workspace_id) - row.spent_nano
        lines = lines_of(outcome, self._credits) if outcome else []
        facts = {"package": view.package.name, "version": view.version.number, "timing": plan.timing.name.lower()}
        self._audit.record(
            f"subscriptions.{change.action.name.lower()}",
            ("subscription", encode_id(SUBSCRIPTION, view.standing.public_id)),
            workspace_id=workspace_id,
            before={"version_id": standing.version_id} if standing else None,
            after=facts,
            reason=reason,
        )
        return Applied(view, lines, previewed, used)

    def _living(self, workspace_id: int) -> Standing | None:
        """Return the subscription, open at the desk; what is past its end counts as none."""
        standing = self._desk.open([workspace_id]).get(workspace_id)
        return None if standing is None or standing.state is State.PAST_END else standing

    def _plan(self, standing: Standing | None, workspace_id: int, change: Change) -> _Plan:
        at = self._desk.now
        if standing is not None:
            # A period is at least a millisecond long, so that no two begin at the same instant.
            at = max(at, standing.period_start_at + 1)
        return self._plan_for(standing, workspace_id, change, change.offer.version if change.offer else None, at)

    def _plan_for(
        self, standing: Standing | None, workspace_id: int, change: Change, target: Version | None, at: int
    ) -> _Plan:
        if change.action is Action.CANCEL:
            return self._cancelling(standing, change, at)
        if target is None:
            raise PackageNotFound
        if standing is None:
            self._check_first(workspace_id, change, target)
            wanted = Assignment(target, zone=change.zone)
            return _Plan(Timing.NOW, at, self._subscriptions.beginning(workspace_id, wanted, new_id()))
        if standing.state not in RUNNING:
            raise WrongState(standing.state.name.lower())
        return self._changing(standing, change, target, at)

    def _changing(self, standing: Standing, change: Change, target: Version, at: int) -> _Plan:
        version = self._desk.version(standing.version_id)
        if target.id == standing.version_id and not standing.pending_version_id:
            raise SamePackage
        more = gives_more(target.terms, version.terms)
        endless = not standing.period_end_at
        timing = change.timing or (Timing.NOW if more or endless else Timing.PERIOD_END)
        if timing is Timing.PERIOD_END:
            if endless:
                raise NoPeriodEnd
            return _Plan(timing, at, marked=replace(standing, pending_version_id=target.id, cancels=False))
        if change.by_owner:
            if not (more or endless):
                raise WaitsForPeriodEnd
            self._check_first(standing.workspace_id, change, target)
        return _Plan(timing, at, states.change_now(replace(standing, cancels=False), version, target, at))

    def _cancelling(self, standing: Standing | None, change: Change, at: int) -> _Plan:
        if standing is None:
            raise SubscriptionNotFound
        endless = not standing.period_end_at
        timing = change.timing or (Timing.NOW if endless else Timing.PERIOD_END)
        if timing is Timing.PERIOD_END:
            if endless:
                raise NoPeriodEnd
            return _Plan(timing, at, marked=replace(standing, cancels=True, pending_version_id=0))
        if change.by_owner and not endless:
            raise WaitsForPeriodEnd
        return _Plan(timing, at, states.cancel_now(standing, self._desk.version(standing.version_id), at))

    def _check_first(self, workspace_id: int, change: Change, target: Version) -> None:
        """Refuse an owner what comes once and was had before."""
        once = target.terms.period.kind is PeriodKind.ONCE
        if once and change.by_owner and self._repository.had_package(workspace_id, target.package_id):
            raise SamePackage

    def _is_stale(self, row: SubscriptionPreview, standing: Standing | None, target: Version | None) -> bool:
        found = (standing.id, standing.version_id, standing.renewal_id) if standing else (0, 0, 0)
        shown = (row.subscription_id, row.version_id, row.renewal_id)
        withdrawn = target is not None and target.state is not VersionState.PUBLISHED
        return found != shown or withdrawn or self._desk.now > row.created_at + VALID_MS

    def _shown(self, plan: _Plan) -> tuple[Sequence[EntryLine], Sequence[EntryLine]]:
        if plan.turn is not None:
            return lines_of(self._desk.try_out([plan.turn])[0], self._credits), []
        assert plan.marked is not None  # noqa: S101 - a plan has one of both
        marked = plan.marked
        pending = self._desk.version(marked.pending_version_id) if marked.pending_version_id else None
        turn = states.when_due(marked, self._desk.version(marked.version_id), pending)
        return [], lines_of(self._desk.try_out([turn])[0], self._credits)

    def _carry_out(self, plan: _Plan, workspace_id: int) -> tuple[Outcome | None, SubscriptionView]:
        if plan.marked is not None:
            self._desk.save([plan.marked])
            return None, self._views.get(plan.marked.public_id)
        assert plan.turn is not None  # noqa: S101 - a plan has one of both
        if plan.turn.before.id:
            outcome = self._desk.carry_out([plan.turn])[0]
        else:
            outcome = self._subscriptions.begin(workspace_id, plan.turn)
        return outcome, self._views.get(outcome.after.public_id)

    def _spent(self, workspace_id: int) -> int:
        return self._credits.standing(workspace_id).balance.spent_nano
