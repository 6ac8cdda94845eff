"""The audit runs beside everything else: no false alarm, no scan of whole tables, no growing memory."""

from __future__ import annotations

import re
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from ccmanage.core.clock import HOUR, to_rfc3339
from support.books import assert_books_clean, audit_in_chunks
from support.bulk import fill
from support.gateway import Gateway
from support.world import World


def busy(world: World, *, people: int = 3) -> list[Gateway]:
    """Return gateways of several people."""
    return [Gateway.of(world, name=f"Person {number}", credits="1") for number in range(people)]


def post_some(gateways: list[Gateway], count: int, *, hours: int = 4) -> None:
    """Post events over some hours, and a duplicate with each post."""
    for gateway in gateways:
        now = gateway.world.clock.now_ms()
        events = [
            gateway.event(time=to_rfc3339(now - number * hours * HOUR // count), project=f"project-{number % 5}")
            for number in range(count)
        ]
        gateway.post(*events, events[0])


def test_no_false_alarm_while_others_settle(world: World) -> None:
    gateways = busy(world)
    ended = threading.Event()
    failures: list[BaseException] = []

    def settle_on() -> None:
        try:
            for _ in range(40):
                post_some(gateways, 5)
                gateways[0].settle()
                world.grant(gateways[1].person.workspace, "0.01")
        except BaseException as error:
            failures.append(error)
        finally:
            ended.set()

    settling = threading.Thread(target=settle_on)
    settling.start()
    audits = 0
    while not ended.is_set():
        report = audit_in_chunks(world.runtime.database, world.clock, 10, full=audits % 2 == 0)
        assert report.is_clean, list(report.lines())
        with world.scope() as scope:
            scope.books.store(report)
        audits += 1
    settling.join()
    assert not failures
    assert audits > 1
    report = assert_books_clean(world.runtime.database, world.clock)
    assert report.checked["events"] == 40 * 3 * 5


CHUNK = 40
BIG = {
    "events", "rollups", "ledger", "inbox_batches", "batch_outcomes", "unpriced_events", "grants", "settlements",
    "sealed_settlements", "archived_event_keys", "quarantine",
}  # fmt: skip
# These look at the ends of an index, or count what waits.
ENDS = re.compile(r"MAX\(|MIN\(|SELECT 1 FROM archived_event_keys LIMIT 1")


@contextmanager
def listening(world: World) -> Iterator[list[tuple[str, Any]]]:
    """Note every statement and its parameters."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            heard.append((statement, parameters))

    engine = world.runtime.database.engine
    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def test_no_chunk_scans_a_whole_table(world: World) -> None:
    gateways = busy(world, people=12)
    for _ in range(3):
        post_some(gateways, 120, hours=400)
        gateways[0].settle()
    database = world.runtime.database
    if not world.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(sorted(BIG))}")
    with listening(world) as heard:
        report = audit_in_chunks(database, world.clock, CHUNK)
        with world.scope() as scope:
            scope.books.store(report)
        world.clock.move(hours=1)
        gateways[3].post(*[gateways[3].event() for _ in range(30)])
        gateways[3].settle()
        audit_in_chunks(database, world.clock, CHUNK, full=False)
    scans = set()
    asked = {text: given for text, given in heard if not ENDS.search(text) and re.search(r"FROM \(?\w+", text)}
    assert len(asked) > 40
    with database.engine.connect() as connection:
        for statement, parameters in asked.items():
            scans |= _scans(connection, statement, parameters, is_sqlite=world.is_sqlite)
    assert not scans, "\n".join(sorted(scans))


def _scans(connection: Any, statement: str, parameters: Any, *, is_sqlite: bool) -> set[str]:
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    rows = connection.exec_driver_sql(explain + statement, parameters or ()).mappings().all()
    if is_sqlite:
        scanned = {re.sub(r"^SCAN (TABLE )?", "", row["detail"]) for row in rows if row["detail"].startswith("SCAN")}
        return {f"{plan}: {statement}" for plan in scanned if plan.split()[0] in BIG}
    # A table that is hardly larger than a chunk may well be read whole.
    return {
        f"{row['table']} {row['type']} {row['key']} {row['rows']}: {statement}"
        for row in rows
        if row["type"] in ("ALL", "index") and not row["table"].startswith("<") and int(row["rows"] or 0) > 4 * CHUNK
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_is_that_of_a_chunk_not_of_the_books(world: World) -> None:
    fill(world, 150_000, workspaces=40)
    tracemalloc.start()
    report = assert_books_clean(world.runtime.database, world.clock)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.checked["events"] == 150_000
    assert peak < 16 << 20
