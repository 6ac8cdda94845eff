"""Whatever is broken in the database is found, and named as what it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import inspect

from ccmanage.credits.books import Books
from ccmanage.credits.rules import Movement, entry_hash
from ccmanage.reports.books.audit import audit_books
from support.databases import empty, migrated_sqlite
from support.lived import Lived, live
from support.tampering import drop_guards, first, put_guards, unguarded
from support.world import World

CHARGED = "settlement_id > 0 AND credits_nano > 0"
UNPRICED = "settlement_id = 0"
# The numbers of the installation: Ann's workspace and the first settlement.
ANNS = "workspace_id = {ann}"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """One installation for all of these tests: each mends what it broke."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        url = migrated_sqlite(template, tmp_path_factory.mktemp("lived") / "world.db")
    else:
        url = request.getfixturevalue("mysql_schema")
    world = World(url)
    if not world.is_sqlite:
        empty(world.runtime.database.engine)
    yield live(world)
    world.close()


def found(world: World) -> set[str]:
    """Return the invariants and checks that an audit finds broken."""
    report = audit_books(world.runtime.database, world.clock, full=True)
    assert report.complete
    return {f"{one.invariant} {one.check}" for one in report.findings}


def after(lived: Lived, table: str, *statements: str) -> set[str]:
    """Break a table, return what the audit finds, and mend it."""
    with unguarded(lived.world, table) as connection:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount == 1, statement
        put_guards(connection)
        connection.commit()
        return found(lived.world)


def named(lived: Lived, text: str) -> str:
    """Put in the numbers that this installation gave: an emptied database may go on counting."""
    settlement = min(row["id"] for row in lived.world.rows("settlements", "kind = 0"))
    return text.format(ann=lived.ann.person.workspace.id, settlement=settlement)


def names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",") if name.strip()}


def test_nothing_is_found_before_anything_is_broken(lived: Lived) -> None:
    assert found(lived.world) == set()


# The table, which row (the first that is so), how it is changed (None: deleted), and what must be found: all of it
# and nothing else.
CASES = [
    # I1: nothing vanishes
    ("batch_outcomes", "duplicates = 1", "duplicates = 2", "I1 received, I1 outcomes"),
    ("batch_outcomes", "conflicts = 1", "conflicts = 0", "I1 received, I1 outcomes, I1 total"),
    ("batch_outcomes", "quarantined = 1", "quarantined = 0, duplicates = 1", "I1 outcomes, I1 total"),
    ("batch_outcomes", "quarantined = 2", "quarantined = 0, duplicates = 2", "I1 rejected, I1 outcomes, I1 total"),
    ("batch_outcomes", "inserted = 6", "inserted = 7", "I1 received, I1 outcomes, I1 inserted"),
    ("batch_outcomes", "unpriced = 3", "unpriced = 4", "I1 unpriced, I1 outcomes, I1 events, I1 total"),
    ("batch_outcomes", "inserted = 1 AND duplicates = 1", "outcomes = x'0101'", "I1 outcomes"),
    ("batch_outcomes", "inserted = 1 AND duplicates = 1", "outcomes = x'0110'", "I1 outcomes"),
    ("batch_outcomes", "inserted = 1 AND duplicates = 1", "outcomes = x'010202'", "I1 items, I1 outcomes"),
    ("batch_outcomes", "inserted = 0 AND duplicates = 1", None, "I1 outcome, I1 batches, I1 total"),
    ("inbox_batches", "state = 1", "state = 0", "I1 outcome"),
    ("inbox_batches", "state = 0", "state = 1", "I1 outcome"),
    ("inbox_batches", "state = 1", "state = 7", "I1 state, I1 outcome"),
    ("inbox_batches", "state = 1 AND received = 6", "received = 7", "I1 received, I1 items, I1 ids"),
    ("inbox_batches", "rejected = 2", "ids = x'61'", "I1 ids"),
    ("inbox_batches", "received = 0", None, "I1 batch"),
    ("events", CHARGED, "event_id = x'6162'", "I1 event"),
    ("events", UNPRICED, "event_id = x'6162'", "I1 event"),
    ("events", CHARGED, None, "I1 event, I1 events, I5 charges, I6 rollup"),
    ("events", UNPRICED, None, "I1 event, I1 waiting, I6 rollup"),
    ("quarantine", "1 = 1", None, "I1 total"),
    ("quarantine", "1 = 1", "count = count + 1", "I1 total"),
    ("unpriced_events", UNPRICED, None, "I1 unpriced, I1 total"),
    ("unpriced_events", "settlement_id > 0", None, "I1 inserted, I1 total"),
    ("unpriced_events", "settlement_id > 0", "settlement_id = 0", "I1 waiting, I1 inserted"),
    ("unpriced_events", UNPRICED, "workspace_id = 99", "I1 waiting"),
    ("settlements", "kind = 0", "events = events + 1", "I1 inserted, I1 events"),
    ("settlements", "kind = 1", "events = events + 1", "I1 inserted, I1 events"),
    ("settlements", "kind = 0", "batches = batches + 1", "I1 batches"),
    # I3: the balance is the ledger
    ("balances", "1 = 1", "balance_nano = balance_nano + 1", "I3 ledger, I3 grants"),
    ("balances", "debt_nano > 0", "debt_nano = debt_nano + 1", "I3 grants, I4 debt_ledger"),
    ("balances", "debt_nano = 0", "debt_nano = -1", "I3 grants, I3 debt, I4 debt_ledger"),
    ("balances", "1 = 1", "spent_nano = spent_nano - 1", "I3 spent"),
    ("balances", "1 = 1", None, "I3 balance, I6 installation_rollup"),
    # I4: grants stay in bounds
    ("grants", "state = 1", "remaining_nano = remaining_nano - 1", "I3 grants, I4 grant_ledger"),
    ("grants", "state = 1", "amount_nano = remaining_nano - 1", "I4 bounds"),
    ("grants", "state = 1", "state = 3", "I4 over"),
    ("grants", "state = 2", "state = 9", "I4 state"),
    ("grants", "state = 0", "remaining_nano = 5", "I3 grants, I4 over, I4 grant_ledger"),
    ("grants", "state = 3", None, "I4 grant"),
    # I5: charges match events
    ("events", CHARGED, "credits_nano = credits_nano + 1", "I5 charges, I6 rollup"),
    ("events", CHARGED, "settlement_id = settlement_id + 1", "I1 events, I5 charges"),
    ("events", CHARGED, "settlement_id = 99999", "I1 events, I5 settlement, I5 charges"),
    ("events", CHARGED, "settlement_id = 0", "I1 events, I1 unpriced, I5 charges"),
    ("events", UNPRICED, "settlement_id = {settlement}", "I1 events, I1 waiting, I5 price"),
    ("events", UNPRICED, "credits_nano = 5", "I1 waiting, I6 rollup"),
    ("events", CHARGED, "price_id = 0", "I5 price"),
    ("batch_outcomes", "inserted = 6", "credits_nano = credits_nano + 1", "I5 batch_credits"),
    ("settlements", "kind = 0", "credits_nano = credits_nano + 1", "I5 credits, I5 batch_credits"),
    ("settlements", "kind = 1", "credits_nano = credits_nano + 1", "I5 credits"),
    ("settlements", "kind = 0", None, "I5 settlement"),
    # I6: rollups match events
    ("events", CHARGED, "output_tokens = output_tokens + 1", "I6 rollup"),
    ("events", CHARGED, "is_error = 1 - is_error", "I6 rollup"),
    ("events", CHARGED, "project_id = 77", "I6 rollup"),
    ("events", CHARGED, "event_at = event_at + 900000", "I6 rollup"),
    ("rollups", "1 = 1", "web_searches = web_searches + 1", "I6 rollup, I6 installation_rollup"),
    ("rollups", "1 = 1", "slot = slot + 1000", "I6 rollup, I6 installation_rollup"),
    ("rollups", "1 = 1", None, "I6 rollup, I6 installation_rollup"),
    ("installation_rollups", "1 = 1", "events = events + 1", "I6 installation_rollup"),
    ("installation_rollups", "1 = 1", None, "I6 installation_rollup"),
    # I7: append only
    ("ledger", ANNS, "at = at + 1", "I7 hash"),
    ("ledger", f"{ANNS} AND kind = 1", "kind = 8", "I7 hash"),
    ("ledger", f"{ANNS} AND seq > 3", "balance_after_nano = 5", "I7 hash, I7 balance_after"),
    ("ledger", f"{ANNS} AND kind = 1", "amount_nano = 5", "I3 ledger, I4 grant_ledger, I7 hash, I7 balance_after"),
    ("ledger", f"{ANNS} AND kind = 2 AND grant_id > 0", "amount_nano = -5",
     "I3 ledger, I3 spent, I4 grant_ledger, I5 charges, I5 credits, I7 hash, I7 balance_after"),
    ("ledger", f"{ANNS} AND kind = 2", "ref_kind = 1", "I5 charges, I5 credits, I5 reference, I7 hash"),
    ("ledger", ANNS, "hash = prev_hash", "I7 hash, I7 prev_hash"),
    ("ledger", f"{ANNS} AND kind = 3", None, "I3 ledger, I4 grant_ledger, I7 seq, I7 prev_hash, I7 balance_after"),
    ("balances", "1 = 1", "last_hash = x'" + "00" * 32 + "'", "I7 head"),
    ("balances", "1 = 1", "seq = seq + 1", "I7 head"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "where", "change", "expected"), CASES)
def test_a_changed_row_is_found(lived: Lived, table: str, where: str, change: str | None, expected: str) -> None:
    row = first(lived.world, table, named(lived, where))
    changed = f"UPDATE {table} SET {named(lived, change or '')} WHERE {row}"
    deed = f"DELETE FROM {table} WHERE {row}" if change is None else changed
    assert after(lived, table, deed) == names(expected)


def test_an_event_that_is_archived_and_not_taken_away(lived: Lived) -> None:
    columns = "gateway_id, event_id, payload_hash"
    row = first(lived.world, "events", CHARGED)
    deed = f"INSERT INTO archived_event_keys ({columns}) SELECT {columns} FROM events WHERE {row}"
    assert after(lived, "archived_event_keys", deed) == {"I2 archive"}


@pytest.mark.parametrize(
    ("table", "columns", "invariant"),
    [
        ("events", ["gateway_id", "event_id"], "I2"),
        ("emails", ["dedupe_key"], "I9"),
        ("alerts", ["workspace_id", "threshold_id", "period"], "I9"),
        ("happenings", ["dedupe"], "I9"),
    ],
)
def test_a_unique_key_is_missed(lived: Lived, table: str, columns: list[str], invariant: str) -> None:
    world = lived.world
    if world.is_sqlite:
        gone = [f"ALTER TABLE {table} RENAME TO with_key", f"CREATE TABLE {table} AS SELECT * FROM with_key"]
        back = [f"DROP TABLE {table}", f"ALTER TABLE with_key RENAME TO {table}"]
    else:
        uniques = inspect(world.runtime.database.engine).get_unique_constraints(table)
        [name] = [unique["name"] for unique in uniques if unique["column_names"] == columns]
        gone = [f"ALTER TABLE {table} DROP INDEX {name}"]
        back = [f"ALTER TABLE {table} ADD UNIQUE KEY {name} ({', '.join(columns)})"]
    with world.runtime.database.engine.connect() as connection:
        for statement in gone:
            connection.exec_driver_sql(statement)
        connection.commit()
        try:
            assert found(world) == {f"{invariant} unique_key"}
        finally:
            for statement in back:
                connection.exec_driver_sql(statement)
            connection.commit()


def test_an_entry_that_was_rewritten_with_its_hash(lived: Lived) -> None:
    """Whoever forges one entry has to forge all that follow, and the head that somebody may have kept."""
    anns = named(lived, ANNS)
    [entry] = lived.world.rows("ledger", f"{anns} AND seq = 2")
    at = entry["at"] - 1
    movement = Movement(*(entry[name] for name in ("kind", "amount_nano", "grant_id", "ref_kind", "ref_id")))
    workspace, previous = entry["workspace_id"], bytes(entry["prev_hash"])
    digest = entry_hash(previous, workspace, 2, movement, entry["balance_after_nano"], at)
    deed = f"UPDATE ledger SET at = {at}, hash = x'{digest.hex()}' WHERE {anns} AND seq = 2"
    assert after(lived, "ledger", deed) == {"I7 prev_hash"}


def test_a_tail_that_was_cut_off(lived: Lived) -> None:
    anns = named(lived, ANNS)
    [last] = lived.world.rows("ledger", f"{anns} ORDER BY seq DESC LIMIT 1")
    assert last["kind"] == 2
    expected = "I3 ledger, I3 spent, I4 grant_ledger, I5 charges, I5 credits, I7 head"
    assert after(lived, "ledger", f"DELETE FROM ledger WHERE {anns} AND seq = {last['seq']}") == names(expected)


def test_a_charge_without_events(lived: Lived) -> None:
    """Everything agrees with itself, except that nobody used anything."""
    world, ann = lived.world, lived.ann.person.workspace.id
    with unguarded(world, "ledger", "balances", "grants") as connection:
        books = Books(connection, world.clock.now_ms())
        books.open([ann])
        books.charge(ann, 500, 1 << 40)
        books.write()
        put_guards(connection)
        connection.commit()
        assert found(world) == {"I5 charges", "I5 settlement"}


@pytest.mark.parametrize("deed", ["UPDATE", "DELETE"])
def test_a_guard_that_was_taken_away(lived: Lived, deed: str) -> None:
    assert guarded(lived.world, f"DROP TRIGGER tr_ledger_refuse_{deed.lower()}") == {"I7 guard"}


def test_a_guard_that_lets_everybody_through(lived: Lived) -> None:
    body = "BEGIN SELECT 1; END" if lived.world.is_sqlite else "FOR EACH ROW SET @nothing = 1"
    lame = f"CREATE TRIGGER tr_ledger_refuse_update BEFORE UPDATE ON ledger {body}"
    assert guarded(lived.world, "DROP TRIGGER tr_ledger_refuse_update", lame) == {"I7 guard"}


def guarded(world: World, *statements: str) -> set[str]:
    """Change the guards, return what the audit finds, and put them back."""
    with world.runtime.database.engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
        try:
            return found(world)
        finally:
            drop_guards(connection)
            put_guards(connection)
            connection.commit()
