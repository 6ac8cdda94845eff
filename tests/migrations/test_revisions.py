"""The migrations make what the code describes, on every database, there and back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from ccmanage.core.db import Database
from ccmanage.migrations import check_drift, downgrade, is_current, migrate, newest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of its own, outside the schema that other tests share."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database
        database.dispose()
        return
    server = request.getfixturevalue("mysql_server")
    name = f"revisions_{uuid.uuid4().hex}"
    database = Database(server.create_database(name))
    yield database
    database.dispose()
    server.drop_database(name)


def test_up_down_and_up_again_leaves_no_drift(database: Database) -> None:
    migrate(database)
    assert is_current(database)
    check_drift(database)
    downgrade(database, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    migrate(database)
    assert is_current(database)
    check_drift(database)


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)
    migrate(database)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM settlement_lanes")).scalar_one() == 1


@pytest.mark.parametrize("deed", ["UPDATE ledger SET amount_nano = 2", "DELETE FROM ledger"])
def test_the_database_itself_refuses_to_rewrite_the_ledger(database: Database, deed: str) -> None:
    migrate(database)
    with database.engine.connect() as connection:
        connection.execute(text("INSERT INTO ledger VALUES (1, 1, 1, 5, 0, 1, 1, 5, 1, x'00', x'00')"))
        with pytest.raises(Exception, match="append only"):
            connection.execute(text(deed))
        connection.rollback()


def test_the_newest_revision_is_alembics_only_head() -> None:
    """Processes that never migrate read it from the files, without Alembic."""
    assert ScriptDirectory(str(ROOT / "alembic")).get_heads() == [newest()]
