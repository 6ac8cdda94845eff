"""The chain over the audit log: sealed within seconds, cut at a seal, broken by whatever is changed behind its back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ccmanage.audit.chain import START, Seal, SealedEntry, judge, link
from ccmanage.audit.tasks import SealAudit
from ccmanage.core.retaining import Taken
from ccmanage.reports.books.audit import audit_books
from support.books import assert_books_clean, audit_in_chunks
from support.world import World
from workers.registry import perform


def seal(world: World) -> None:
    perform(world.runtime, SealAudit())


def deeds(world: World, count: int) -> None:
    for number in range(count):
        world.gateway(f"g{number}")


@pytest.fixture
def sealed(world: World) -> World:
    """Three seals of two entries each, a day apart."""
    for _ in range(3):
        deeds(world, 2)
        seal(world)
        world.clock.move(days=1)
    return world


def found(world: World) -> set[str]:
    report = audit_books(world.runtime.database, world.clock, full=True)
    return {
        f"{one.check} {one.where['seal']}" for one in report.findings if one.invariant == "A1" and "seal" in one.where
    }


def test_a_seal_covers_what_was_committed_and_only_once(sealed: World) -> None:
    assert [row["entries"] for row in sealed.rows("audit_seals")] == [2, 2, 2]
    assert sealed.count("audit_log", "seal_id = 0") == 0
    seal(sealed)
    assert sealed.count("audit_seals") == 3
    report = assert_books_clean(sealed.runtime.database, sealed.clock)
    assert report.checked["seals"] == 3
    assert audit_in_chunks(sealed.runtime.database, sealed.clock, 1).is_clean


def test_an_entry_that_is_committed_late_comes_under_a_later_seal(world: World) -> None:
    deeds(world, 2)
    first = min(row["id"] for row in world.rows("audit_log"))
    with world.runtime.database.engine.begin() as connection:
        connection.execute(text(f"UPDATE audit_log SET seal_id = 99 WHERE id = {first}"))
    seal(world)
    with world.runtime.database.engine.begin() as connection:
        connection.execute(text(f"UPDATE audit_log SET seal_id = 0 WHERE id = {first}"))
    seal(world)
    assert {row["id"]: row["seal_id"] for row in world.rows("audit_log")}[first] == 2
    assert_books_clean(world.runtime.database, world.clock)


def test_many_entries_take_several_seals(world: World) -> None:
    with world.scope() as scope:
        for number in range(1_001):
            scope.audit.record("gateways.create", ("gateway", str(number)))
    seal(world)
    assert SealAudit() in world.queue.sent
    seal(world)
    assert [row["entries"] for row in world.rows("audit_seals")] == [1_000, 1]


CASES = [
    ("UPDATE audit_log SET action = 'nothing.done' WHERE seal_id = 2", {"hash 2"}),
    ("UPDATE audit_log SET actor_user_id = 7 WHERE seal_id = 1", {"hash 1"}),
    ("UPDATE audit_log SET as_user_id = 7 WHERE seal_id = 1", {"hash 1"}),
    ("DELETE FROM audit_log WHERE seal_id = 2", {"entries 2"}),
    ("UPDATE audit_log SET seal_id = 3 WHERE seal_id = 2", {"entries 2", "entries 3"}),
    ("DELETE FROM audit_seals WHERE id = 2", {"order 3", "link 3"}),
    ("UPDATE audit_seals SET cut_at = 5 WHERE id = 1", {"entries 1"}),
    ("UPDATE audit_seals SET hash = prev_hash WHERE id = 1", {"hash 1", "link 2"}),
]


@pytest.mark.parametrize(("deed", "breaks"), CASES)
def test_what_is_changed_afterwards_is_found(sealed: World, deed: str, breaks: set[str]) -> None:
    assert found(sealed) == set()
    with sealed.runtime.database.engine.begin() as connection:
        connection.execute(text(deed))
    assert found(sealed) == breaks


def test_a_sealed_entry_without_its_seal_is_found(sealed: World) -> None:
    with sealed.runtime.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_seals WHERE id = 3"))
    report = audit_books(sealed.runtime.database, sealed.clock, full=True)
    assert [one.check for one in report.findings if one.invariant == "A1"] == ["seal"]


def test_retention_cuts_at_a_seal_and_the_chain_still_holds(sealed: World) -> None:
    before = sealed.clock.now_ms() - 1_000 - 86_400_000
    with sealed.scope() as scope:
        assert scope.sealer.cut(before) == Taken(4, 2, more=False)
    assert sealed.count("audit_log") == sealed.count("audit_details") == 2
    assert [bool(row["cut_at"]) for row in sealed.rows("audit_seals")] == [True, True, False]
    assert_books_clean(sealed.runtime.database, sealed.clock)
    with sealed.scope() as scope:
        assert scope.sealer.cut(before, 2) == Taken(0, 2, more=False)


def test_erasing_the_readable_side_breaks_nothing(sealed: World) -> None:
    with sealed.runtime.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_details"))
    assert_books_clean(sealed.runtime.database, sealed.clock)


def test_the_hash_covers_every_field() -> None:
    entry = SealedEntry(1, b"p", 2, 3, 4, "a", "k", "s", 5, "r", b"c")
    whole = link(START, 1, [entry])
    for field, value in entry._asdict().items():
        other = value + (b"x" if isinstance(value, bytes) else "x" if isinstance(value, str) else 1)
        assert link(START, 1, [entry._replace(**{field: other})]) != whole
    assert link(START, 2, [entry]) != whole
    assert list(judge(None, Seal(1, 1, START, whole, 0), [entry])) == []
