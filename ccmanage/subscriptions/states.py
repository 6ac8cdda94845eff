"""What happens to a subscription when. Plain values in, plain values out.

A `Turn` is what happens at one instant: the running period is closed, a new one may be opened. Nothing here moves
credits; who carries a turn out does.
"""

from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Final
from zoneinfo import ZoneInfo

from ccmanage.packages.rules import Period, PeriodKind, Terms, Version
from ccmanage.subscriptions.rules import NEVER, Span, next_boundaries, period_at

# How long a subscription that is past its end can still be extended.
GRACE_MS: Final = 30 * 86_400_000


class State(IntEnum):
    """Where a subscription stands. The last two are final."""

    TRIALING = 0
    ACTIVE = 1
    PAUSED = 2
    PAST_END = 3
    CANCELLED = 4
    ENDED = 5


FINAL: Final = frozenset({State.CANCELLED, State.ENDED})
RUNNING: Final = frozenset({State.TRIALING, State.ACTIVE})


class Cause(IntEnum):
    """Why a period was closed, opened, or both."""

    ASSIGNED = 1
    TRIAL_STARTED = 2
    TRIAL_ENDED = 3
    RENEWED = 4
    CHANGED = 5
    RESET = 6
    RESUMED = 7
    EXTENDED = 8
    PAUSED = 9
    PAST_END = 10
    CANCELLED = 11
    ENDED = 12


class Keeps(Enum):
    """What becomes of the allowance that is left when its period is closed."""

    NOTHING = 0
    BY_RULE = 1  # what the package lets roll over
    SHARE_OF_TIME = 2  # in proportion to the time that was left


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription as it stands. Without a period (paused, past its end) both instants and the renewal are 0."""

    id: int
    public_id: bytes
    workspace_id: int
    package_id: int
    version_id: int
    pending_version_id: int
    state: State
    anchor_at: int
    zone: str
    period_start_at: int
    period_end_at: int
    renewal_id: int
    ends_at: int
    cancels: bool
    paused_at: int

    @property
    def span(self) -> Span:
        """Return the running period."""
        return Span(self.period_start_at, self.period_end_at)

    @property
    def zone_info(self) -> ZoneInfo:
        """Return the zone on whose clock periods are counted."""
        return ZoneInfo(self.zone)

    @property
    def is_final(self) -> bool:
        """Tell whether nothing will happen to it any more."""
        return self.state in FINAL

    @property
    def due_at(self) -> int:
        """Return when something happens next; 0 = never."""
        if self.state is State.PAST_END:
            return self.ends_at + GRACE_MS
        if self.is_final:
            return NEVER
        return min((at for at in (self.period_end_at, self.ends_at) if at), default=NEVER)

    @property
    def resets_at(self) -> int:
        """Return when the next allowance comes; 0 if none will come."""
        if self.state not in RUNNING or self.cancels or self.period_end_at in (NEVER, self.ends_at):
            return NEVER
        return self.period_end_at


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens at one instant. `old` are the terms of the period that is closed, if there is one."""

    at: int
    cause: Cause
    before: Standing
    after: Standing
    old: Terms
    new: Terms
    keeps: Keeps = Keeps.BY_RULE
    allowance: int = 0

    @property
    def kept_until(self) -> int:
        """Return when the credits that are kept expire; 0 = never."""
        if self.keeps is Keeps.SHARE_OF_TIME:
            return self.after.period_end_at
        periods = self.old.rollover.max_periods
        if not periods:
            return NEVER
        if periods == 1 and self.after.period_start_at:
            return self.after.period_end_at
        grid, terms = (self.after, self.new) if self.after.period_start_at else (self.before, self.old)
        ends = next_boundaries(grid.anchor_at, terms.period, grid.zone_info, self.at, periods)
        return ends[-1] if ends else NEVER

    @property
    def overdraft(self) -> int:
        """Return how far below zero the workspace may go from now on."""
        return self.new.overdraft.limit_nano if self.after.period_start_at else 0


def begin(standing: Standing, version: Version, at: int, *, trial: bool) -> Turn:
    """Open the first period: the one that `at` lies in, or the trial."""
    if trial:
        span = period_at(at, Period(PeriodKind.DAY, version.terms.trial.days), standing.zone_info, at)
        after = _with_period(replace(standing, state=State.TRIALING, anchor_at=at), span)
        allowance = version.terms.trial.allowance_nano
        return Turn(at, Cause.TRIAL_STARTED, standing, after, version.terms, version.terms, allowance=allowance)
    return _turn(standing, _opened(standing, version, at), version, version, Cause.ASSIGNED)


def when_due(standing: Standing, version: Version, pending: Version | None) -> Turn:
    """Return what happens at the subscription's next due instant."""
    at = standing.due_at
    if standing.state is State.PAST_END:
        return _closing(standing, State.ENDED, version, at, Cause.ENDED)
    if standing.cancels and at == standing.period_end_at:
        return _closing(standing, State.CANCELLED, version, at, Cause.CANCELLED)
    if standing.ends_at and at >= standing.ends_at:
        return _closing(standing, State.PAST_END, version, at, Cause.PAST_END)
    if standing.state is State.PAUSED:
        closed = _closing(standing, State.PAUSED, version, at, Cause.PAUSED)
        return replace(closed, keeps=Keeps.BY_RULE)
    if pending is not None:
        return _changed(standing, version, pending, at, Keeps.BY_RULE)
    if standing.state is State.TRIALING:
        active = replace(standing, state=State.ACTIVE, anchor_at=at)
        turn = _turn(standing, _opened(active, version, at), version, version, Cause.TRIAL_ENDED)
        return replace(turn, keeps=Keeps.NOTHING)
    return _turn(standing, _opened(standing, version, at), version, version, Cause.RENEWED)


def change_now(standing: Standing, version: Version, new: Version, at: int) -> Turn:
    """End the period now and begin one of another version; what is left is kept in proportion to the time left."""
    return _changed(standing, version, new, at, Keeps.SHARE_OF_TIME)


def cancel_now(standing: Standing, version: Version, at: int) -> Turn:
    """End the subscription and its allowance."""
    return _closing(standing, State.CANCELLED, version, at, Cause.CANCELLED)


def reset_now(standing: Standing, version: Version, at: int, *, restart: bool) -> Turn:
    """Treat an instant as the period's end. The new period ends when the old would have, or is a whole one."""
    if restart:
        after = _opened(replace(standing, anchor_at=at), version, at)
    else:
        after = _with_period(standing, Span(at, standing.period_end_at))
    return _turn(standing, after, version, version, Cause.RESET)


def resume(standing: Standing, version: Version, at: int) -> Turn | Standing:
    """Go on. A period that still runs goes on; else a new one begins now, with its anchor."""
    active = replace(standing, state=State.ACTIVE, paused_at=0)
    if standing.period_start_at:
        return active
    return _turn(standing, _opened(replace(active, anchor_at=at), version, at), version, version, Cause.RESUMED)


def extend(standing: Standing, version: Version, ends_at: int, at: int) -> Turn | Standing:
    """Move the end. A subscription that is past its end begins a new period now, with its anchor."""
    longer = replace(standing, ends_at=ends_at)
    if standing.state is State.PAST_END:
        active = replace(longer, state=State.ACTIVE, anchor_at=at)
        return _turn(standing, _opened(active, version, at), version, version, Cause.EXTENDED)
    if standing.state is State.TRIALING or not standing.period_start_at:
        return longer
    whole = period_at(standing.anchor_at, version.terms.period, standing.zone_info, standing.period_start_at)
    return replace(longer, period_end_at=Span(standing.period_start_at, whole.end).until(ends_at).end)


def _changed(standing: Standing, version: Version, new: Version, at: int, keeps: Keeps) -> Turn:
    """Go over to another version; where its periods are others, or the running one is cut, they count from now."""
    same_periods = new.terms.period == version.terms.period and at == standing.period_end_at
    anchor = standing.anchor_at if same_periods and standing.state is not State.TRIALING else at
    changed = replace(
        standing,
        package_id=new.package_id,
        version_id=new.id,
        pending_version_id=0,
        state=State.ACTIVE,
        anchor_at=anchor,
    )
    return replace(_turn(standing, _opened(changed, new, at), version, new, Cause.CHANGED), keeps=keeps)


def _turn(before: Standing, after: Standing, old: Version, new: Version, cause: Cause) -> Turn:
    allowance = new.terms.allowance_nano
    return Turn(after.period_start_at, cause, before, after, old.terms, new.terms, allowance=allowance)


def _closing(standing: Standing, state: State, version: Version, at: int, cause: Cause) -> Turn:
    """Close the period and open none; nothing of it is kept."""
    after = replace(
        standing, state=state, period_start_at=0, period_end_at=0, renewal_id=0, cancels=False, pending_version_id=0
    )
    return Turn(at, cause, standing, after, version.terms, version.terms, keeps=Keeps.NOTHING)


def _opened(standing: Standing, version: Version, at: int) -> Standing:
    return _with_period(standing, period_at(standing.anchor_at, version.terms.period, standing.zone_info, at))


def _with_period(standing: Standing, span: Span) -> Standing:
    cut = span.until(standing.ends_at)
    return replace(standing, period_start_at=cut.start, period_end_at=cut.end)
