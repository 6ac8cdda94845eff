"""The audit of the books finds nothing in books that are right, however it is run."""

from __future__ import annotations

import json

from ccmanage.core.clock import DAY
from ccmanage.reports.books.audit import audit_books
from ccmanage.reports.books.report import BooksReport, Watermark
from support.books import assert_books_clean, audit_in_chunks
from support.gateway import Gateway
from support.lived import WAITING_MODEL, live
from support.prices import add_flat_price
from support.world import World


def audit(world: World, *, full: bool = False) -> BooksReport:
    return audit_books(world.runtime.database, world.clock, full=full)


def store(world: World, report: BooksReport) -> None:
    with world.scope() as scope:
        scope.books.store(report)


def test_an_empty_installation_is_clean(world: World) -> None:
    report = assert_books_clean(world.runtime.database, world.clock)
    assert report.chains == 0


def test_everything_that_may_happen_is_clean(world: World) -> None:
    live(world)
    report = assert_books_clean(world.runtime.database, world.clock)
    assert report.checked["events"] == sum(row["events"] for row in world.rows("settlements"))
    assert report.checked["batches"] == world.count("inbox_batches")
    assert report.checked["ledger entries"] == world.count("ledger")
    assert report.checked["rollups"] == world.count("rollups")
    assert report.checked["workspaces"] == 2


def test_borders_between_chunks_lose_nothing(world: World) -> None:
    live(world)
    whole = assert_books_clean(world.runtime.database, world.clock)
    for largest in (1, 2, 3, 7):
        report = audit_in_chunks(world.runtime.database, world.clock, largest)
        assert report.is_clean, list(report.lines())
        assert report.checked == whole.checked
        assert report.heads_digest == whole.heads_digest


def test_a_scheduled_run_goes_on_where_the_last_one_ended(world: World) -> None:
    lived = live(world)
    world.clock.move(hours=1)
    first = audit(world)
    assert first.is_full
    store(world, first)
    world.clock.move(days=1)
    again = audit(world)
    assert not again.is_full
    assert (again.checked["settlements"], again.checked["workspaces"], again.checked["rollups"]) == (0, 0, 0)
    store(world, again)
    lived.bob.charge(lived.bob.event(), lived.bob.event(model="mystery-3"))
    world.clock.move(hours=1)
    more = audit(world)
    assert more.is_clean, list(more.lines())
    # Ann's batch that was pending before was settled with it.
    assert (more.checked["settlements"], more.checked["workspaces"]) == (1, 2)
    assert 3 <= more.checked["rollups"] < world.count("rollups")
    assert more.checked["ledger entries"] < world.count("ledger")
    in_chunks = audit_in_chunks(world.runtime.database, world.clock, 1, full=False)
    assert in_chunks.checked == more.checked
    assert in_chunks.heads_digest == more.heads_digest == audit(world, full=True).heads_digest


def test_a_scheduled_run_sees_prices_that_came_late(world: World) -> None:
    live(world)
    store(world, audit(world))
    world.clock.move(days=1)
    add_flat_price(world, WAITING_MODEL, world.clock.now_ms() - 9 * DAY, input="1", output="1")
    assert world.runtime.charge_late_prices() == 1
    report = audit(world)
    assert report.is_clean, list(report.lines())
    # A slot is looked at as a whole: it holds rollups of other models too.
    assert report.checked["settlements"] == 1
    assert 1 <= report.checked["rollups"] < world.count("rollups")


def test_what_is_broken_is_found_again_until_it_is_mended(world: World) -> None:
    lived = live(world)
    store(world, audit(world))
    world.clock.move(days=1)
    lived.ann.charge(lived.ann.event())
    add = f"UPDATE balances SET balance_nano = balance_nano + {{}} WHERE workspace_id = {lived.ann.person.workspace.id}"
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql(add.format(1))
    for _ in range(2):
        report = audit(world)
        assert {one.invariant for one in report.findings} == {"I3"}
        store(world, report)
        world.clock.move(days=1)
    with world.scope() as scope:
        last = scope.books.last()
        assert last is not None
        assert (last.is_clean, last.is_full, last.report["invariants"]["I3"]) == (False, False, 2)
        scope.session.connection().exec_driver_sql(add.format(-1))
    mended = audit(world)
    assert mended.is_clean
    assert mended.watermark.settlement > report.watermark.settlement


def test_books_that_were_found_broken_as_a_whole_are_audited_as_a_whole(sqlite_world: World) -> None:
    world = sqlite_world
    Gateway.of(world)
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql("UPDATE balances SET spent_nano = 1")
    report = audit(world, full=True)
    assert report.watermark == Watermark()
    store(world, report)
    assert audit(world).is_full


def test_retention_may_take_whole_settlements_away(world: World) -> None:
    live(world)
    [settlement] = world.rows("settlements", "kind = 0 ORDER BY id LIMIT 1")
    number = settlement["id"]
    with world.scope() as scope:
        run = scope.session.connection().exec_driver_sql
        run(
            "INSERT INTO archived_event_keys (gateway_id, event_id, payload_hash)"
            f" SELECT gateway_id, event_id, payload_hash FROM events WHERE settlement_id = {number}"
        )
        run(
            "INSERT INTO sealed_settlements (settlement_id, workspace_id, events, credits_nano)"
            " SELECT settlement_id, workspace_id, COUNT(*), SUM(credits_nano) FROM events"
            f" WHERE settlement_id = {number} GROUP BY settlement_id, workspace_id"
        )
        for row in world.rows("events", f"settlement_id = {number}"):
            slot = row["event_at"] // 900_000
            run(f"UPDATE rollups SET sealed = 1 WHERE workspace_id = {row['workspace_id']} AND slot = {slot}")
        run(f"DELETE FROM events WHERE settlement_id = {number}")
    assert_books_clean(world.runtime.database, world.clock)


def test_it_stops_between_chunks_when_it_is_told_to(world: World) -> None:
    live(world)
    calls = 0

    def should_stop() -> bool:
        nonlocal calls
        calls += 1
        return calls > 5

    report = audit_books(world.runtime.database, world.clock, full=True, should_stop=should_stop)
    assert not report.complete
    store(world, report)
    with world.read() as scope:
        assert scope.books.last() is None


def test_it_tells_how_far_it_is(sqlite_world: World) -> None:
    live(sqlite_world)
    told: list[tuple[str, float]] = []
    audit_books(
        sqlite_world.runtime.database,
        sqlite_world.clock,
        full=True,
        progress=lambda part, share: told.append((part, share)),
    )
    assert list(dict.fromkeys(part for part, _share in told)) == [
        "batches",
        "settlements",
        "rollups",
        "installation",
        "ledger",
    ]
    assert dict(told).items() >= {"batches": 1.0, "ledger": 1.0, "rollups": 1.0}.items()


def test_the_heads_of_the_chains_can_be_kept_elsewhere(world: World) -> None:
    live(world)
    report = audit_books(world.runtime.database, world.clock, full=True, heads=True)
    stored = {row["workspace_id"]: (row["seq"], bytes(row["last_hash"]).hex()) for row in world.rows("balances")}
    assert {head.workspace: (head.seq, head.hash) for head in report.heads} == stored
    assert report.chains == len(stored)


def test_a_report_can_be_written_as_json_and_as_text(sqlite_world: World) -> None:
    live(sqlite_world)
    report = audit(sqlite_world, full=True)
    told = json.loads(json.dumps(report.as_dict()))
    assert (told["clean"], told["complete"], told["full"], told["findings"]) == (True, True, True, [])
    text = "\n".join(report.lines())
    assert "I7 the ledger is append only: holds" in text
    assert report.heads_digest in text
