"""Fault row 60: the key of encryption changes under load, while posts and reads go on; then the old key is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from ccmanage.core.pagination import PageRequest
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.models import EmailSuppression
from ccmanage.email.repository import EmailRepository
from ccmanage.email.service import Recipient
from ccmanage.privacy.rotation import rotate, waiting
from support.books import assert_books_clean
from support.gateway import Gateway
from support.world import World

OLD, NEW = "e" * 32, "n" * 32
VERIFY, KIND = "accounts.verify", "alerts.threshold"
SOME = 4
WAIT_SECONDS = 30


class Load:
    """Threads, one for each process of different keys, that write and read back what all of them wrote."""

    def __init__(self, worlds: list[World], people: list[str]) -> None:
        self.people = people
        self.rounds = [0] * len(worlds)
        self.failures: list[BaseException] = []
        self._stop = threading.Event()
        self._grown = threading.Condition()
        self._threads = [threading.Thread(target=self._run, args=each) for each in enumerate(worlds)]
        for thread in self._threads:
            thread.start()

    def _run(self, place: int, world: World) -> None:
        try:
            while not self._stop.is_set():
                self.people.append(visit(world, self.people[-8:]))
                with self._grown:
                    self.rounds[place] += 1
                    self._grown.notify_all()
        except BaseException as failure:
            self.failures.append(failure)
            with self._grown:
                self._grown.notify_all()

    def goes_on(self) -> None:
        """Wait until every thread has done some more."""
        with self._grown:
            wanted = [done + SOME for done in self.rounds]
            there = self._grown.wait_for(
                lambda: self.failures or all(map(int.__ge__, self.rounds, wanted)), WAIT_SECONDS
            )
        assert not self.failures, self.failures
        assert there

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
        assert not self.failures, self.failures


_numbers = count(1)


def visit(world: World, others: list[str]) -> str:
    """Create a person, write to them, and read the last ones, whoever wrote them; returns the address."""
    person = world.person(f"Visitor {next(_numbers)}")
    to = Recipient(person.email, name="Visitor", user_id=person.account.id)
    with world.scope() as scope:
        scope.email.post(VERIFY, to=to, values=TEMPLATES[VERIFY].samples, dedupe_key=f"k{person.email}")
    for address in (*others, person.email):
        read_back(world, address)
    return person.email


def read_back(world: World, address: str) -> None:
    """Find a person and their mail by the address, and read both."""
    with world.read() as scope:
        account = scope.accounts.find_by_email(address)
        assert account is not None, address
        assert account.email == address
        [letter] = scope.email.page(PageRequest(), address=address).items
        assert letter.address == address
        assert all(one.is_intact for one in scope.audit.page(PageRequest()).items)


@contextmanager
def processes(url: str, *rings: tuple[str, ...]) -> Iterator[list[World]]:
    """Processes on one database that know these keys."""
    worlds = [World(url, encryption_keys=ring) for ring in rings]
    yield worlds
    for world in worlds:
        world.close()


@pytest.fixture
def people(world: World) -> list[str]:
    """Somebody to begin with, one of whom refuses mail and wants no notifications."""
    addresses = [visit(world, []) for _ in range(3)]
    with world.scope() as scope:
        rows, index = EmailRepository(scope.session), scope.email.index(addresses[0])
        rows.suppress(EmailSuppression(address_index=index, error_code="no_such_address", email_id=1, at=1))
        scope.email.want(addresses[0], KIND, wanted=False)
    return addresses


@pytest.mark.faults
@pytest.mark.slow
def test_row_60_keys_of_encryption_change_under_load(world: World, people: list[str]) -> None:
    url = world.settings.database_url
    usage = Gateway.of(world)
    with processes(url, (OLD,), (OLD, NEW)) as (before, both), loaded([before, both], people) as load:
        load.goes_on()
    with processes(url, (OLD, NEW), (NEW, OLD)) as (late, first):
        with loaded([late, first], people) as load:
            load.goes_on()
            done = rotate(first.scope, first.runtime.ring)
            load.goes_on()
            usage.charge(usage.event())
        assert sum(one.rewrapped for one in done) > 0
        assert sum(one.reindexed for one in done) > 0
        assert sum(one.unreadable for one in done) == 0
        # What the last process with the old key in front has written since.
        with loaded([first], people) as load:
            rotate(first.scope, first.runtime.ring)
            load.goes_on()
        with first.read() as scope:
            assert waiting(scope.session, first.runtime.ring) == {}
    with processes(url, (NEW,)) as (after,):
        with loaded([after], people) as load:
            load.goes_on()
        for address in people:
            read_back(after, address)
        left = rotate(after.scope, after.runtime.ring)
        assert sum(one.unreadable + one.rewrapped + one.reindexed for one in left) == 0
        with after.scope() as scope:
            assert scope.email.stopped(people[0]) == [KIND]
            assert EmailRepository(scope.session).suppression(scope.email.indexes(people[0])) is not None
        assert_books_clean(after.runtime.database, after.clock)


@contextmanager
def loaded(worlds: list[World], people: list[str]) -> Iterator[Load]:
    """Work goes on meanwhile."""
    load = Load(worlds, people)
    try:
        yield load
    finally:
        load.stop()


def test_an_address_that_was_stopped_under_both_keys_is_stopped_once(world: World) -> None:
    ann = world.person("Ann")
    with world.scope() as scope:
        scope.email.want(ann.email, KIND, wanted=False)
    with processes(world.settings.database_url, (NEW, OLD)) as (other,):
        with other.scope() as scope:
            EmailRepository(scope.session).opt_out(scope.email.index(ann.email), KIND, 1)
        rotate(other.scope, other.runtime.ring)
        assert other.count("email_opt_outs") == 1
