"""I9: the audit proves that there is one mail for one reason, and finds what was tampered with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.service import Recipient
from ccmanage.reports.books.audit import audit_books
from support.world import World


def found(world: World) -> list[Any]:
    report = audit_books(world.runtime.database, world.clock, full=True)
    return [(one.invariant, one.check) for one in report.findings if one.invariant == "I9"]


def mail(world: World, key: str) -> None:
    with world.scope() as scope:
        values = dict(TEMPLATES["accounts.verify"].samples)
        scope.email.post("accounts.verify", to=Recipient("a@example.com"), values=values, dedupe_key=key)


def test_mails_are_counted_and_clean(world: World) -> None:
    for number in range(3):
        mail(world, f"k{number}")
    report = audit_books(world.runtime.database, world.clock, full=True)
    assert report.checked["mails"] == 3
    assert found(world) == []


def test_a_missing_key_and_what_slips_in_without_it_are_found(sqlite_world: World) -> None:
    mail(sqlite_world, "k0")
    mail(sqlite_world, "k1")
    with sqlite_world.runtime.database.engine.connect() as connection:
        columns = [column["name"] for column in sqlite_world.rows("pragma_table_info('emails')")]
        listed = ", ".join(columns)
        connection.execute(text("CREATE TABLE copied AS SELECT * FROM emails"))
        connection.execute(text("DROP TABLE emails"))
        connection.execute(text(f"CREATE TABLE emails AS SELECT {listed} FROM copied"))
        connection.execute(text("UPDATE emails SET dedupe_key = x'00'"))
        connection.commit()
    assert found(sqlite_world) == [("I9", "unique_key"), ("I9", "twice")]


def test_a_mail_that_claims_to_be_sent_is_found(world: World) -> None:
    mail(world, "k0")
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql("UPDATE emails SET state = 2")
    assert found(world) == [("I9", "sent")]
