"""I8 on a live database: whatever is wrong with a renewal is found, and named as what it is."""

from __future__ import annotations

import pytest

from ccmanage.core.money import NANO
from ccmanage.packages.rules import OverdraftTerms, Period, PeriodKind, RolloverTerms
from ccmanage.reports.books.audit import audit_books
from support.books import assert_books_clean, audit_in_chunks
from support.plans import renew, subscribed
from support.world import World


@pytest.fixture
def lived(world: World) -> World:
    """Two subscriptions with three periods each."""
    for name in ("Ann", "Bob"):
        subscribed(
            world,
            name,
            period=Period(PeriodKind.DAY),
            rollover=RolloverTerms(percent=50, max_periods=1),
            overdraft=OverdraftTerms(5 * NANO),
        )
    for _ in range(2):
        world.clock.move(days=1)
        renew(world)
    return world


def found(world: World) -> set[str]:
    report = audit_books(world.runtime.database, world.clock, full=True)
    return {f"{one.invariant} {one.check}" for one in report.findings if one.invariant == "I8"}


def test_whole_books_are_clean_and_counted(lived: World) -> None:
    report = assert_books_clean(lived.runtime.database, lived.clock)
    assert report.checked["renewals"] == 6
    assert audit_in_chunks(lived.runtime.database, lived.clock, 1).is_clean


LAST = "(SELECT m FROM (SELECT MAX(id) AS m FROM renewals) AS newest)"
FIRST = "(SELECT m FROM (SELECT MIN(id) AS m FROM renewals) AS oldest)"
CASES = [
    (f"UPDATE grants SET renewal_id = 0 WHERE renewal_id = {LAST}", "I8 grant"),
    (f"UPDATE grants SET renewal_id = 999 WHERE renewal_id = {LAST}", "I8 grant, I8 renewal"),
    (f"UPDATE grants SET amount_nano = amount_nano + 1 WHERE renewal_id = {LAST}", "I8 grant"),
    (f"UPDATE grants SET workspace_id = 99 WHERE renewal_id = {LAST}", "I8 grant, I8 renewal"),
    (f"UPDATE grants SET state = 1 WHERE renewal_id = {FIRST}", "I8 closed"),
    (f"UPDATE renewals SET allowance_nano = 7 WHERE id = {LAST}", "I8 grant, I8 entry"),
    (f"UPDATE renewals SET start_at = start_at + 1 WHERE id = {LAST}", "I8 order, I8 period"),
    (f"UPDATE renewals SET end_at = end_at + 1 WHERE id = {FIRST}", "I8 order"),
    (f"UPDATE renewals SET subscription_id = 99 WHERE id = {LAST}", "I8 order, I8 period"),
    (f"DELETE FROM renewals WHERE id = {LAST}", "I8 renewal, I8 period"),
    (f"DELETE FROM renewals WHERE id = {FIRST}", "I8 renewal, I8 order"),
    (f"DELETE FROM ledger WHERE ref_kind = 4 AND ref_id = {LAST} AND kind = 1", "I8 entry"),
    (f"DELETE FROM ledger WHERE ref_kind = 4 AND ref_id = {LAST} AND kind = 4 AND amount_nano > 0", "I8 rollover"),
    (f"UPDATE ledger SET ref_id = 999 WHERE ref_kind = 4 AND ref_id = {LAST} AND kind = 3", "I8 renewal"),
    ("UPDATE subscriptions SET period_start_at = 5", "I8 period"),
    ("UPDATE subscriptions SET renewal_id = 999", "I8 period"),
    ("UPDATE balances SET overdraft_nano = 0", "I8 overdraft"),
]


@pytest.mark.parametrize(("statement", "expected"), CASES)
def test_what_is_broken_is_found(lived: World, statement: str, expected: str) -> None:
    with lived.runtime.database.engine.connect() as connection:
        for table in ("ledger", "renewals"):
            for deed in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER tr_{table}_refuse_{deed}")
        try:
            assert connection.exec_driver_sql(statement).rowcount > 0
            connection.commit()
            guards = {"I8 guard"}
            assert found(lived) - guards == set(expected.split(", "))
            assert guards <= found(lived)
        finally:
            _put_guards(connection)
            connection.commit()


def _put_guards(connection) -> None:  # type: ignore[no-untyped-def]
    for table in ("ledger", "renewals"):
        for deed in ("UPDATE", "DELETE"):
            text = f"{table} is append only"
            body = (
                f"BEGIN SELECT RAISE(ABORT, '{text}'); END"
                if connection.dialect.name == "sqlite"
                else f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{text}'"
            )
            connection.exec_driver_sql(
                f"CREATE TRIGGER tr_{table}_refuse_{deed.lower()} BEFORE {deed} ON {table} {body}"
            )
