"""Fault row 64: a person is erased while usage of theirs is posted and settled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ccmanage.privacy.erasing import Step
from ccmanage.privacy.tasks import EraseDue
from support.books import assert_books_clean
from support.gateway import COST, Gateway
from support.traces import traces
from support.world import PASSWORD, World
from workers.registry import perform

POSTERS = 3
SOME = 5
WAIT_SECONDS = 20


class Load:
    """Threads that post events with labels, and one that settles them, until they are told to stop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._stop = threading.Event()
        self._grown = threading.Condition()
        self.settled_at = self.posted = 0
        self.failures: list[BaseException] = []
        works = [lambda n=n: self._post(n) for n in range(POSTERS)]
        self._threads = [threading.Thread(target=self._run, args=(work,)) for work in [*works, self._settle]]
        for thread in self._threads:
            thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:
            self.failures.append(failure)

    def _post(self, number: int) -> None:
        mine = replace(self._gateway)
        while not self._stop.is_set():
            name = f"{number}-{mine.count}"
            mine.post(mine.event(id=name, project=f"narwhal-{number}", session_id="narwhal-session"))
            with self._grown:
                self.posted += 1
                self._grown.notify_all()

    def _settle(self) -> None:
        while not self._stop.is_set():
            self._gateway.world.runtime.settler.settle_once()
            # Time goes on, so that what is remembered of keys is read again.
            self._gateway.world.clock.move(seconds=1)
            with self._grown:
                self.settled_at += 1
                self._grown.notify_all()

    def goes_on(self) -> None:
        """Wait until some more was posted and settled."""
        with self._grown:
            posted, settled = self.posted + SOME, self.settled_at + 2
            there = self._grown.wait_for(
                lambda: self.failures or (self.posted >= posted and self.settled_at >= settled), WAIT_SECONDS
            )
        assert there
        assert not self.failures, self.failures

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
        assert not self.failures, self.failures


@pytest.mark.faults
def test_row_64_a_person_is_erased_while_usage_is_posted_and_settled(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(world.runtime.eraser, "_data_dir", tmp_path)
    ann = Gateway.of(world, name="Narwhal")
    client = world.browser(ann.person)
    assert client.post("/v1/auth/step-up", json={"password": PASSWORD}).status_code == 200
    assert client.post("/v1/me/privacy/deletion").status_code == 201
    world.clock.move(days=7)
    load = Load(ann)
    carry_out = world.runtime.eraser._carry_out
    steps = 0

    def carry_out_and_wait(step: Step, person: int) -> None:
        nonlocal steps
        carry_out(step, person)
        steps += 1
        load.goes_on()

    try:
        load.goes_on()
        with monkeypatch.context() as patch:
            patch.setattr(world.runtime.eraser, "_carry_out", carry_out_and_wait)
            perform(world.runtime, EraseDue())
        load.goes_on()
    finally:
        load.stop()
    assert [row["state"] for row in world.rows("erasures")] == [2]
    # After each table that was emptied, usage was posted and settled.
    assert steps > 10
    ann.settle()
    world.clock.move(minutes=10)
    perform(world.runtime, EraseDue())
    assert traces(world, ["narwhal"]) == []
    assert world.count("events") == load.posted
    charged = sum(row["amount_nano"] for row in world.rows("ledger", "kind <> 0") if row["amount_nano"] < 0)
    assert -charged == load.posted * COST
    assert_books_clean(world.runtime.database, world.clock)
