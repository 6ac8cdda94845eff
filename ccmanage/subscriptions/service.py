"""Use cases of subscriptions: assign, extend, pause, resume, renew."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from ccmanage.accounts.rules import is_time_zone
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import to_rfc3339
from ccmanage.core.errors import invalid
from ccmanage.core.ids import SUBSCRIPTION, encode_id, new_id
from ccmanage.packages.rules import Period, PeriodKind, Version
from ccmanage.subscriptions import states
from ccmanage.subscriptions.desk import Desk, Outcome
from ccmanage.subscriptions.errors import AlreadySubscribed, SubscriptionNotFound, WrongState
from ccmanage.subscriptions.models import Subscription
from ccmanage.subscriptions.repository import SubscriptionRepository
from ccmanage.subscriptions.rules import NEVER, last_end, period_at
from ccmanage.subscriptions.states import Cause, Standing, State, Turn
from ccmanage.subscriptions.views import SubscriptionView, SubscriptionViews


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which version a workspace gets, and on whose clock.

    `anchor_at` 0: periods are counted from now; an instant in the past gives the whole allowance of the period
    that runs. `ends_at` 0: until it is cancelled; else to the end of the period in which that instant lies.
    """

    version: Version
    zone: str = "UTC"
    anchor_at: int = 0
    ends_at: int = NEVER
    trial: bool = True


class SubscriptionService:
    """Subscriptions. Whatever moves credits is carried out at the desk, under the lock of the balance."""

    def __init__(
        self, repository: SubscriptionRepository, views: SubscriptionViews, desk: Desk, audit: AuditService
    ) -> None:
        self._repository = repository
        self._views = views
        self._desk = desk
        self._audit = audit

    def workspaces_due(self, limit: int, offset: int = 0) -> list[int]:
        """Return workspaces whose subscription has something due, the longest due first."""
        return self._repository.workspaces_due(self._desk.now, limit, offset)

    def renew(self, workspace_ids: Collection[int]) -> int:
        """Carry out what is due in workspaces that nobody else is working on; returns how many those are."""
        return self._desk.renew(workspace_ids)

    def set_aside(self, workspace_id: int, error: str) -> None:
        """Let a subscription that cannot be renewed wait, and keep the reason for administrators."""
        self._repository.put_off(workspace_id, error, self._desk.now)

    def assign(self, workspace_id: int, wanted: Assignment, reason: str | None = None) -> SubscriptionView:
        """Subscribe a workspace; raises AlreadySubscribed and InvalidInput."""
        self._desk.open([workspace_id])
        outcome = self.begin(workspace_id, self.beginning(workspace_id, wanted, new_id()))
        view = self._views.get(outcome.after.public_id)
        facts = {
            "package": view.package.name,
            "version": view.version.number,
            "state": view.standing.state.name.lower(),
            "ends_at": to_rfc3339(view.standing.ends_at) if view.standing.ends_at else None,
        }
        self._record("subscriptions.assign", view.standing, after=facts, reason=reason)
        return view

    def begin(self, workspace_id: int, turn: Turn) -> Outcome:
        """Open the first period of a workspace that is open at the desk; raises AlreadySubscribed."""
        for standing in self._repository.live_in([workspace_id]):
            if standing.state is not State.PAST_END:
                raise AlreadySubscribed
            self._desk.save([replace(standing, state=State.ENDED)])
        return self._desk.carry_out([_numbered(turn, self._insert(turn.before).id)])[0]

    def beginning(self, workspace_id: int, wanted: Assignment, public_id: bytes) -> Turn:
        """Return what subscribing a workspace would do; raises InvalidInput."""
        now, terms = self._desk.now, wanted.version.terms
        _check(wanted, now)
        trial = wanted.trial and terms.trial.days > 0 and not wanted.anchor_at
        trial = trial and not self._repository.had_trial(workspace_id, Cause.TRIAL_STARTED)
        anchor, zone = wanted.anchor_at or now, ZoneInfo(wanted.zone)
        first = period_at(now, Period(PeriodKind.DAY, terms.trial.days), zone, now).end if trial else anchor
        ends_at = last_end(first, terms.period, zone, wanted.ends_at)
        standing = Standing(
            id=0,
            public_id=public_id,
            workspace_id=workspace_id,
            package_id=wanted.version.package_id,
            version_id=wanted.version.id,
            pending_version_id=0,
            state=State.ACTIVE,
            anchor_at=anchor,
            zone=wanted.zone,
            period_start_at=0,
            period_end_at=0,
            renewal_id=0,
            ends_at=ends_at,
            cancels=False,
            paused_at=0,
        )
        return states.begin(standing, wanted.version, now, trial=trial)

    def extend(self, public_id: bytes, ends_at: int, reason: str) -> SubscriptionView:
        """Move the end to that of the period in which an instant lies, or take it away (0); raises WrongState.

        A subscription that is past its end begins a new period now.
        """
        standing = self._standing(public_id, {State.TRIALING, State.ACTIVE, State.PAUSED, State.PAST_END})
        now, version = self._desk.now, self._desk.version(standing.version_id)
        if ends_at and ends_at <= now:
            raise invalid("/ends_at", "ends_at.past", "Choose an end in the future.")
        anchor = {State.PAST_END: now, State.TRIALING: standing.period_end_at}.get(standing.state, standing.anchor_at)
        last = last_end(anchor, version.terms.period, standing.zone_info, ends_at)
        return self._move(standing, states.extend(standing, version, last, now), "subscriptions.extend", reason)

    def pause(self, public_id: bytes, reason: str) -> SubscriptionView:
        """Let no further period begin; what was given stays until its period ends. Raises WrongState."""
        standing = self._standing(public_id, {State.ACTIVE})
        paused = replace(standing, state=State.PAUSED, paused_at=self._desk.now)
        return self._move(standing, paused, "subscriptions.pause", reason)

    def resume(self, public_id: bytes) -> SubscriptionView:
        """Go on after a pause; raises WrongState. If the period is over, a new one begins now."""
        standing = self._standing(public_id, {State.PAUSED})
        version = self._desk.version(standing.version_id)
        return self._move(standing, states.resume(standing, version, self._desk.now), "subscriptions.resume", None)

    def keep(self, public_id: bytes, reason: str | None = None) -> SubscriptionView:
        """Take back a cancellation or change that waits for the period's end."""
        standing = self._standing(public_id, set(State) - states.FINAL)
        kept = replace(standing, cancels=False, pending_version_id=0)
        return self._move(standing, kept, "subscriptions.keep", reason)

    def end(self, workspace_id: int) -> bool:
        """End the subscription of a workspace that is being closed, with its allowance; tells whether it had one."""
        standing = self._desk.open([workspace_id]).get(workspace_id)
        if standing is None:
            return False
        # A period is at least a millisecond long, so that no two begin at the same instant.
        at = max(self._desk.now, standing.period_start_at + 1)
        turn = states.cancel_now(standing, self._desk.version(standing.version_id), at)
        self._move(standing, turn, "subscriptions.end", None)
        return True

    def retry(self, public_id: bytes) -> SubscriptionView:
        """Try at once again what was set aside; raises what keeps it from being done."""
        standing = self._standing(public_id, set(State) - states.FINAL)
        self._desk.save([standing])
        view = self._views.get(public_id)
        self._record("subscriptions.retry", standing, after=_facts(view.standing))
        return view

    def _move(self, before: Standing, move: Turn | Standing, action: str, reason: str | None) -> SubscriptionView:
        if isinstance(move, Turn):
            self._desk.carry_out([move])
        else:
            self._desk.save([move])
        view = self._views.get(before.public_id)
        self._record(action, before, before=_facts(before), after=_facts(view.standing), reason=reason)
        return view

    def _standing(self, public_id: bytes, allowed: Collection[State]) -> Standing:
        """Return a subscription, open at the desk and up to date; raises SubscriptionNotFound, WrongState."""
        row = self._found(public_id)
        self._desk.open([row.workspace_id])
        [standing] = self._repository.standings([row.id])
        if standing.state not in allowed:
            raise WrongState(standing.state.name.lower().replace("_", " "))
        return standing

    def _found(self, public_id: bytes) -> Subscription:
        row = self._repository.anew(public_id)
        if row is None:
            raise SubscriptionNotFound
        return row

    def _insert(self, standing: Standing) -> Subscription:
        now = self._desk.now
        return self._repository.add(
            Subscription(
                public_id=standing.public_id,
                workspace_id=standing.workspace_id,
                live_workspace_id=standing.workspace_id,
                package_id=standing.package_id,
                version_id=standing.version_id,
                pending_version_id=0,
                state=standing.state,
                anchor_at=standing.anchor_at,
                zone=standing.zone.encode(),
                period_start_at=0,
                period_end_at=0,
                renewal_id=0,
                ends_at=standing.ends_at,
                cancels=0,
                paused_at=0,
                next_attempt_at=0,
                tries=0,
                error=b"",
                created_at=now,
                updated_at=now,
            )
        )

    def _record(self, action: str, standing: Standing, **details: Any) -> None:
        subject = ("subscription", encode_id(SUBSCRIPTION, standing.public_id))
        self._audit.record(action, subject, workspace_id=standing.workspace_id, **details)


def _numbered(turn: Turn, number: int) -> Turn:
    return replace(turn, before=replace(turn.before, id=number), after=replace(turn.after, id=number))


def _facts(standing: Standing) -> dict[str, Any]:
    return {
        "state": standing.state.name.lower(),
        "period_end_at": to_rfc3339(standing.period_end_at) if standing.period_end_at else None,
        "ends_at": to_rfc3339(standing.ends_at) if standing.ends_at else None,
        "cancels": standing.cancels,
        "pending_version": standing.pending_version_id,
    }


def _check(wanted: Assignment, now: int) -> None:
    if not is_time_zone(wanted.zone):
        raise invalid("/time_zone", "time_zone.unknown", "Use an IANA name such as Europe/Berlin.")
    if wanted.anchor_at > now:
        raise invalid("/anchor_at", "anchor_at.future", "Periods cannot be counted from a time that has not come.")
    if wanted.ends_at and wanted.ends_at <= now:
        raise invalid("/ends_at", "ends_at.past", "Choose an end in the future.")
