"""Where subscriptions are worked on: under the lock of their balance, with everything that was due done before."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ccmanage.core.clock import Clock
from ccmanage.core.uow import UnitOfWork
from ccmanage.credits.books import Books, Entry
from ccmanage.packages.rules import Version
from ccmanage.packages.service import PackageService
from ccmanage.subscriptions.errors import StillCatchingUp
from ccmanage.subscriptions.letters import SubscriptionLetters
from ccmanage.subscriptions.repository import SubscriptionRepository
from ccmanage.subscriptions.states import Standing, Turn
from ccmanage.subscriptions.turning import Done, Turner


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn did, or would do: the entries in the order in which they stand in the ledger."""

    done: Done
    entries: Sequence[Entry]

    @property
    def after(self) -> Standing:
        """Return how the subscription stands afterwards."""
        return self.done.after


class Desk:
    """The subscriptions of some workspaces in one transaction. `now` is one instant for all of it."""

    def __init__(
        self,
        uow: UnitOfWork,
        repository: SubscriptionRepository,
        packages: PackageService,
        clock: Clock,
        letters: SubscriptionLetters,
        tell: Callable[[Sequence[Done]], None],
    ) -> None:
        self._uow = uow
        self._repository = repository
        self._packages = packages
        self._clock = clock
        self._letters = letters
        self._tell = tell
        self._known: dict[int, Version] = {}

    @cached_property
    def now(self) -> int:
        """Return the instant at which this transaction decides what is due."""
        return self._clock.now_ms()

    def renew(self, workspace_ids: Collection[int]) -> int:
        """Carry out all that is due for workspaces that nobody else is working on; returns how many those are."""
        books = Books(self._uow.session.connection(), self.now)
        opened = books.open(workspace_ids, skip_locked=True, pass_time=False)
        self._turner.catch_up(books, opened)
        books.write()
        return len(opened)

    def open(self, workspace_ids: Collection[int]) -> Mapping[int, Standing]:
        """Lock workspaces, carry out what is due, and return their living subscriptions; raises StillCatchingUp."""
        books = Books(self._uow.session.connection(), self.now)
        books.open(workspace_ids, pass_time=False)
        standings = self._turner.catch_up(books, sorted(set(workspace_ids)))
        books.write()
        if any(0 < standing.due_at <= self.now for standing in standings.values()):
            raise StillCatchingUp
        return standings

    def version(self, number: int) -> Version:
        """Return a version of a package by its inside number."""
        return self.versions([number])[number]

    def versions(self, numbers: Iterable[int]) -> Mapping[int, Version]:
        """Return versions by their inside numbers, each read once a transaction."""
        unknown = set(numbers) - self._known.keys() - {0}
        if unknown:
            self._known |= self._packages.versions(unknown)
        return self._known

    def try_out(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Return what turns would do; nothing is written."""
        return self._perform(Books(self._uow.session.connection(), self.now, dry=True), turns, dry=True)

    def carry_out(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Carry out turns of subscriptions that are open here."""
        books = Books(self._uow.session.connection(), self.now)
        outcomes = self._perform(books, turns, dry=False)
        books.write()
        self.save([outcome.after for outcome in outcomes])
        return outcomes

    def save(self, standings: Sequence[Standing]) -> None:
        """Write standings that changed without moving credits."""
        self._repository.save(standings, self.now)

    def _perform(self, books: Books, turns: Sequence[Turn], *, dry: bool) -> list[Outcome]:
        books.open([turn.before.workspace_id for turn in turns])
        done = self._turner.perform(books, turns, dry=dry)
        return [Outcome(one, books.entries(one.after.workspace_id)) for one in done]

    @cached_property
    def _turner(self) -> Turner:
        return Turner(self._repository, self.versions, self.now, self._told)

    def _told(self, done: Sequence[Done]) -> None:
        """Write the letters of what turned, and tell others of it."""
        for one in done:
            self._letters.told(one.turn, self.versions)
        self._tell(done)
