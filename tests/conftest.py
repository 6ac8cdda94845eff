"""What every test may ask for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ccmanage.core.logging import configure_logging
from support.databases import empty, hurry, hurry_server, migrated_mysql, migrated_sqlite
from support.world import World

pytest_plugins = ["support.server_fixtures"]

# Colours are the terminal's; who runs the tests may force them for other programs.
os.environ.pop("FORCE_COLOR", None)

# As in production; structlog's own default draws every traceback with all local values, for many seconds.
configure_logging("tests", "INFO", "json")

# The same examples in every run; how long one takes says nothing on a machine that others use too.
settings.register_profile("ccmanage", deadline=None, derandomize=True, database=None)
settings.load_profile("ccmanage")

BOTH = ["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the migrated SQLite file lies that tests copy."""
    return tmp_path_factory.mktemp("template") / "template.db"


@pytest.fixture(scope="session")
def mysql_schema(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of this run's own migrated schema; tests empty it."""
    server = request.getfixturevalue("mysql_server")
    name = f"world_{uuid.uuid4().hex}"
    hurry_server(server)
    yield migrated_mysql(server, name)
    server.drop_database(name)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh, migrated database: once on SQLite, once on MySQL or MariaDB."""
    if request.param == "sqlite":
        return migrated_sqlite(sqlite_template, tmp_path / "world.db")
    schema: str = request.getfixturevalue("mysql_schema")
    return schema


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A whole installation on a fresh database, once on SQLite, once on MySQL or MariaDB."""
    yield from _world(database_url)


@pytest.fixture
def sqlite_world(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    """A whole installation on SQLite alone, for what does not depend on the database."""
    yield from _world(migrated_sqlite(sqlite_template, tmp_path / "world.db"))


@pytest.fixture
def mysql_world(mysql_schema: str) -> Iterator[World]:
    """A whole installation on MySQL or MariaDB alone."""
    yield from _world(mysql_schema)


def _world(url: str) -> Iterator[World]:
    world = World(url)
    prepare = hurry if world.is_sqlite else empty
    prepare(world.runtime.database.engine)
    yield world
    world.close()
