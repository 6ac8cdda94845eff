"""Carry turns out: close periods, keep what the rules keep, open the next ones. For many workspaces at once.

Whoever calls has the workspaces' books open, and so their balances locked: nobody else writes these
subscriptions, and what is charged waits.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ccmanage.credits import rules as credit_rules
from ccmanage.credits.books import Books, Given
from ccmanage.credits.models import Origin
from ccmanage.credits.rules import BY_RENEWAL, GRANT, ROLLOVER, Grant, Rollover
from ccmanage.credits.rules import Cause as Reference
from ccmanage.packages.rules import Version
from ccmanage.subscriptions.repository import SubscriptionRepository
from ccmanage.subscriptions.rules import share_of_time
from ccmanage.subscriptions.states import Cause, Keeps, Standing, Turn, when_due

# A subscription that missed more periods goes on in the next transaction.
MAX_ROUNDS = 50
_PROVISIONAL = 1 << 61
_BEGINNINGS = (Cause.ASSIGNED, Cause.TRIAL_STARTED)


class Part(StrEnum):
    """What a grant was in a turn."""

    OLD = "old_allowance"
    KEPT = "kept"
    NEW = "new_allowance"


@dataclass(frozen=True, slots=True)
class Done:
    """A turn that was carried out, or tried out: how the subscription stands, and which grants it moved."""

    turn: Turn
    after: Standing
    parts: Mapping[int, Part]

    @property
    def is_of_another_version(self) -> bool:
        """Tell whether a version begins: the first one, or another one."""
        return self.turn.cause in _BEGINNINGS or self.turn.before.version_id != self.after.version_id


@dataclass(slots=True)
class _Plan:
    """What a turn does to the grants of its workspace. `heirs` stand beside what they are heirs of."""

    turn: Turn
    renewal_id: int
    closing: list[tuple[Grant, int]] = field(default_factory=list)
    heirs: list[Grant] = field(default_factory=list)
    opened: Grant | None = None

    @property
    def cause(self) -> Reference:
        return Reference(BY_RENEWAL, self.renewal_id)


def key_bounds(done: Iterable[Done], versions: Callable[[Iterable[int]], Mapping[int, Version]]) -> dict[int, int]:
    """Return how many keys workspaces may have from now on, where a version has begun that says so."""
    after = [one.after for one in done if one.is_of_another_version]
    known = versions(one.version_id for one in after)
    bounds = {one.workspace_id: known[one.version_id].terms.key_limits.max_keys for one in after}
    return {workspace_id: most for workspace_id, most in bounds.items() if most is not None}


class Turner:
    """Carries turns out on open books."""

    def __init__(
        self,
        repository: SubscriptionRepository,
        versions: Callable[[Iterable[int]], Mapping[int, Version]],
        now: int,
        tell: Callable[[Sequence[Done]], None],
    ) -> None:
        self._repository = repository
        self._versions = versions
        self._now = now
        self._tell = tell

    def catch_up(self, books: Books, workspace_ids: Collection[int]) -> dict[int, Standing]:
        """Carry out all that is due, each missed period in its order; returns the living ones by workspace.

        The workspaces' books are open, and their time has not passed yet: it passes here, step by step.
        """
        standings = {one.workspace_id: one for one in self._repository.live_in(workspace_ids)}
        moved: dict[int, Standing] = {}
        for _ in range(MAX_ROUNDS):
            due = [one for one in standings.values() if 0 < one.due_at <= self._now]
            if not due:
                break
            for done in self.perform(books, self._due_turns(due)):
                standings[done.after.workspace_id] = moved[done.after.id] = done.after
        for workspace_id in workspace_ids:
            standing = standings.get(workspace_id)
            # What has missed too many periods goes on from where it is, so time must not run ahead of it.
            if standing is None or not 0 < standing.due_at <= self._now:
                books.pass_time(workspace_id, self._now)
        self._repository.save(moved.values(), self._now)
        return {number: one for number, one in standings.items() if not one.is_final}

    def perform(self, books: Books, turns: Sequence[Turn], *, dry: bool = False) -> list[Done]:
        """Carry out one turn each of several subscriptions. With dry books nothing is written."""
        if not turns:
            return []
        for turn in turns:
            books.pass_time(turn.before.workspace_id, turn.at)
        numbers = self._numbers(turns, dry=dry)
        plans = [_Plan(turn, number) for turn, number in zip(turns, numbers, strict=True)]
        _give(books, plans)
        done = [_carry_out(books, plan) for plan in plans]
        if not dry:
            self._tell(done)
        return done

    def _due_turns(self, due: Sequence[Standing]) -> list[Turn]:
        versions = self._versions({number for one in due for number in (one.version_id, one.pending_version_id)})
        return [when_due(one, versions[one.version_id], versions.get(one.pending_version_id)) for one in due]

    def _numbers(self, turns: Sequence[Turn], *, dry: bool) -> Sequence[int]:
        if dry:
            return range(_PROVISIONAL, _PROVISIONAL + len(turns))
        return self._repository.add_renewals(turns, self._now)


def _give(books: Books, plans: Sequence[_Plan]) -> None:
    """Insert the grants of all plans at once; what is kept comes before the new allowance, and burns before it."""
    wanted: list[Given] = []
    for plan in plans:
        turn, workspace_id = plan.turn, plan.turn.before.workspace_id
        plan.closing = _closing(books, turn)
        wanted += [Given(workspace_id, kept, turn.at, turn.kept_until) for _grant, kept in plan.closing if kept]
        if turn.allowance:
            wanted.append(Given(workspace_id, turn.allowance, turn.at, turn.after.period_end_at, plan.renewal_id))
    given = iter(books.give(wanted))
    for plan in plans:
        plan.heirs = [next(given) for _grant, kept in plan.closing if kept]
        plan.opened = next(given) if plan.turn.allowance else None


def _closing(books: Books, turn: Turn) -> list[tuple[Grant, int]]:
    """Return the grants of the period that ends, and what is kept of each."""
    before = turn.before
    if not before.renewal_id:
        return []
    account = books.account(before.workspace_id)
    rule = Rollover(turn.old.rollover.percent, turn.old.rollover.cap_nano)
    rolled, closing = credit_rules.rolled_over(account.grants, Origin.SUBSCRIPTION), []
    for grant in account.grants_of(before.renewal_id):
        kept = 0
        if turn.keeps is Keeps.BY_RULE:
            kept = rule.kept(grant.remaining, rolled)
        elif turn.keeps is Keeps.SHARE_OF_TIME:
            kept = share_of_time(grant.remaining, before.span, turn.at)
        rolled += kept
        closing.append((grant, kept))
    return closing


def _carry_out(books: Books, plan: _Plan) -> Done:
    """Write the movements: what ends, what is kept of it, what is forgiven, what begins."""
    turn, workspace_id = plan.turn, plan.turn.before.workspace_id
    parts: dict[int, Part] = {}
    for grant, kept in plan.closing:
        books.close(workspace_id, grant, kept, plan.cause)
        parts[grant.id] = Part.OLD
    for heir in plan.heirs:
        books.start(workspace_id, heir, ROLLOVER, plan.cause)
        parts[heir.id] = Part.KEPT
    if turn.before.renewal_id and turn.old.overdraft.forgiven:
        books.forgive(workspace_id, turn.old.overdraft.limit_nano, plan.cause)
    if plan.opened is not None:
        books.start(workspace_id, plan.opened, GRANT, plan.cause)
        parts[plan.opened.id] = Part.NEW
    account = books.account(workspace_id)
    account.overdraft, account.base = turn.overdraft, turn.allowance
    number = plan.renewal_id if turn.after.period_start_at else 0
    return Done(turn, replace(turn.after, renewal_id=number), parts)
