"""Group commit: who waits for whom, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from ccmanage.core.ids import new_id
from ccmanage.usage.inbox import InboxWriter, NewBatch, Result
from ccmanage.usage.models import BatchKind
from support.world import World


class Desk:
    """Offers posts, and notes in which groups they were written and when the writer paused."""

    def __init__(self, world: World, posts: int) -> None:
        self._missing = posts
        self._written = threading.Event()
        self.gateway_id = world.gateway().gateway.id
        self.groups: list[list[str]] = []
        self.pauses = 0
        self.during_pause: list[str] = []
        self.after: dict[str, list[str]] = {}
        self.writer = InboxWriter(world.runtime.database, world.queue, world.clock, self._deliver, self._pause)

    def offer(self, *names: str) -> None:
        """Post, one event each."""
        for name in names:
            batch = NewBatch(new_id(), self.gateway_id, BatchKind.POST, 1, 0, 0, b"", b"", b"")
            self.writer.offer(batch, name)

    def run(self) -> None:
        """Write until all posts are written."""
        self.writer.start()
        assert self._written.wait(20)
        self.writer.stop()

    def _pause(self, _seconds: float) -> None:
        self.pauses += 1
        self.offer(*self.during_pause)
        self.during_pause = []

    def _deliver(self, results: Sequence[Result]) -> None:
        assert [error for _batch, _name, error in results] == [None] * len(results)
        names: list[Any] = [name for _batch, name, _error in results]
        self.groups.append(names)
        self.offer(*self.after.pop(names[-1], ()))
        self._missing -= len(names)
        if not self._missing:
            self._written.set()


def test_while_many_post_a_group_waits_for_more(world: World) -> None:
    desk = Desk(world, posts=4)
    desk.offer("a", "b")
    desk.after = {"b": ["c"]}
    desk.during_pause = ["d"]
    desk.run()
    assert desk.groups == [["a", "b"], ["c", "d"]]
    assert world.count("inbox_batches") == 4


def test_who_posts_alone_waits_for_nobody(world: World) -> None:
    desk = Desk(world, posts=3)
    desk.offer("a")
    desk.after = {"a": ["b"], "b": ["c"]}
    desk.run()
    assert desk.groups == [["a"], ["b"], ["c"]]
    assert desk.pauses == 0
