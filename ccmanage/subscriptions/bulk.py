"""Many subscriptions at once: reset them, or move them to another version; tried out first if one likes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ccmanage.audit.service import AuditService
from ccmanage.core.ids import SUBSCRIPTION, encode_id
from ccmanage.core.money import format_credits
from ccmanage.credits.models import EntryKind
from ccmanage.packages.rules import Version
from ccmanage.subscriptions import states
from ccmanage.subscriptions.desk import Desk, Outcome
from ccmanage.subscriptions.errors import SubscriptionNotFound
from ccmanage.subscriptions.models import Timing
from ccmanage.subscriptions.repository import SubscriptionRepository
from ccmanage.subscriptions.states import RUNNING, Standing, State, Turn
from ccmanage.subscriptions.turning import Part

MAX_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Deed:
    """What an administrator does to many. `dry_run` only tells what it would do."""

    dry_run: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which of many come next: those after a number, so many at most, none above `last` (0: no such bound)."""

    after: int = 0
    limit: int = MAX_AT_ONCE
    last: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What it did, or would do, to one subscription; `skipped` says why it did nothing."""

    subscription_id: bytes
    workspace_id: int
    skipped: str | None = None
    expired_nano: int = 0
    kept_nano: int = 0
    forgiven_nano: int = 0
    granted_nano: int = 0
    balance_after_nano: int | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """What happened to a chunk of a package's subscribers, and the number to go on after (None: that was all)."""

    lines: Sequence[Line]
    go_on_after: int | None


class BulkService:
    """Deeds on up to 500 subscriptions in one transaction."""

    def __init__(self, repository: SubscriptionRepository, desk: Desk, audit: AuditService) -> None:
        self._repository = repository
        self._desk = desk
        self._audit = audit

    def reset(self, public_ids: Sequence[bytes], deed: Deed, *, restart: bool) -> list[Line]:
        """End periods now, as if their ends had come, and begin new ones; raises SubscriptionNotFound.

        The new periods end when the old ones would have; with `restart` they are whole ones, counted from now.
        """
        known = self._repository.numbers_of(public_ids)
        if len(known) < len(set(public_ids)):
            raise SubscriptionNotFound
        numbers = [known[public_id] for public_id in dict.fromkeys(public_ids)]
        return self._do("reset", numbers, deed, _resetting(restart=restart))

    def reset_package(self, version_ids: Sequence[int], after: int, deed: Deed, *, restart: bool) -> Lines:
        """Reset the next subscribers of a package, by number."""
        numbers = self._repository.live_of_versions(version_ids, after, MAX_AT_ONCE)
        lines = self._do("reset", numbers, deed, _resetting(restart=restart))
        return Lines(lines, _go_on(numbers))

    def move(self, version_ids: Sequence[int], target: Version, timing: Timing, stretch: Stretch, deed: Deed) -> Lines:
        """Move the next subscribers of versions to another one, now or with their next period."""
        numbers = self._repository.live_of_versions(
            [number for number in version_ids if number != target.id], stretch.after, stretch.limit, last=stretch.last
        )
        go_on_after = _go_on(numbers, stretch.limit)
        if timing is Timing.NOW:
            return Lines(self._do("change", numbers, deed, _changing(target)), go_on_after)
        return Lines(self._mark(numbers, target, deed), go_on_after)

    def _do(
        self,
        action: str,
        numbers: Sequence[tuple[int, int]],
        deed: Deed,
        turn_of: Callable[[Standing, Version, int], Turn | None],
    ) -> list[Line]:
        standings = self._opened(numbers)
        turns = [turn for one in standings if (turn := self._turn(one, turn_of)) is not None]
        outcomes = self._desk.try_out(turns) if deed.dry_run else self._desk.carry_out(turns)
        done = {outcome.after.id: _line(outcome) for outcome in outcomes}
        lines = [done.get(one.id) or _skipped(one) for one in standings]
        if not deed.dry_run:
            for line in done.values():
                self._record(action, line, deed)
        return lines

    def _mark(self, numbers: Sequence[tuple[int, int]], target: Version, deed: Deed) -> list[Line]:
        lines, marked = [], []
        for one in self._opened(numbers):
            if one.state not in RUNNING or not one.period_end_at:
                lines.append(_skipped(one))
                continue
            marked.append(replace(one, pending_version_id=target.id))
            lines.append(Line(one.public_id, one.workspace_id))
        if not deed.dry_run:
            self._desk.save(marked)
            for line in lines:
                if line.skipped is None:
                    self._record("change", line, deed)
        return lines

    def _opened(self, numbers: Sequence[tuple[int, int]]) -> list[Standing]:
        """Return subscriptions, up to date, those that have ended since too."""
        self._desk.open([workspace_id for _number, workspace_id in numbers])
        return self._repository.standings(number for number, _workspace_id in numbers)

    def _turn(self, one: Standing, turn_of: Callable[[Standing, Version, int], Turn | None]) -> Turn | None:
        if one.state is not State.ACTIVE:
            return None
        return turn_of(one, self._desk.version(one.version_id), max(self._desk.now, one.period_start_at + 1))

    def _record(self, action: str, line: Line, deed: Deed) -> None:
        after = {
            "expired": format_credits(line.expired_nano),
            "kept": format_credits(line.kept_nano),
            "granted": format_credits(line.granted_nano),
        }
        subject = ("subscription", encode_id(SUBSCRIPTION, line.subscription_id))
        self._audit.record(
            f"subscriptions.{action}", subject, workspace_id=line.workspace_id, after=after, reason=deed.reason
        )


def _resetting(*, restart: bool) -> Callable[[Standing, Version, int], Turn | None]:
    def turn_of(one: Standing, version: Version, at: int) -> Turn | None:
        return states.reset_now(one, version, at, restart=restart)

    return turn_of


def _changing(target: Version) -> Callable[[Standing, Version, int], Turn | None]:
    def turn_of(one: Standing, version: Version, at: int) -> Turn | None:
        return None if one.version_id == target.id else states.change_now(one, version, target, at)

    return turn_of


def _go_on(numbers: Sequence[tuple[int, int]], limit: int = MAX_AT_ONCE) -> int | None:
    return numbers[-1][0] if len(numbers) == limit else None


def _skipped(one: Standing) -> Line:
    return Line(one.public_id, one.workspace_id, skipped=one.state.name.lower())


def _line(outcome: Outcome) -> Line:
    sums = dict.fromkeys((EntryKind.EXPIRY, EntryKind.FORGIVENESS, EntryKind.GRANT), 0)
    kept = 0
    for movement, _balance in outcome.entries:
        part = outcome.done.parts.get(movement.grant_id)
        if movement.kind == EntryKind.ROLLOVER and part is Part.KEPT:
            kept += movement.amount
        elif movement.kind in sums:
            sums[EntryKind(movement.kind)] += movement.amount
    return Line(
        subscription_id=outcome.after.public_id,
        workspace_id=outcome.after.workspace_id,
        expired_nano=-sums[EntryKind.EXPIRY],
        kept_nano=kept,
        forgiven_nano=sums[EntryKind.FORGIVENESS],
        granted_nano=sums[EntryKind.GRANT],
        balance_after_nano=outcome.entries[-1].balance_after if outcome.entries else None,
    )
