"""Bring a database to the newest schema, and tell where it stands."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from ccmanage.core.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

_PACKAGED = Path(__file__).parent / "_alembic"
_CHECKOUT = Path(__file__).parent.parent / "alembic"
_VERSIONS = "alembic_version"
_REVISION = re.compile(r"^revision(?:: str)? = [\"']([^\"']+)", re.MULTILINE)
_DOWN_REVISION = re.compile(r"^down_revision(?:: [^=]+)? = [\"']([^\"']+)", re.MULTILINE)


def migrate(database: Database, target: str = "head") -> None:
    """Upgrade to a revision; a database that is there already is left as it is."""
    from alembic import command

    _with_connection(database, lambda config: command.upgrade(config, target))


def downgrade(database: Database, target: str) -> None:
    """Go back to a revision (`base`: before the first)."""
    from alembic import command

    _with_connection(database, lambda config: command.downgrade(config, target))


def check_drift(database: Database) -> None:
    """Raise if the tables in the code differ from those that the migrations make."""
    from alembic import command

    _with_connection(database, command.check)


def is_current(database: Database) -> bool:
    """Tell whether the database stands at the newest revision.

    Asked by every process, also by those that never migrate: hence without Alembic, which takes six megabytes.
    """
    with database.engine.connect() as connection:
        if not inspect(connection).has_table(_VERSIONS):
            return False
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return list(found) == [newest()]


@cache
def newest() -> str:
    """Return the revision that no other stands after."""
    sources = [path.read_text(encoding="utf-8") for path in (_folder() / "versions").glob("*.py")]
    revisions = {match[1] for source in sources if (match := _REVISION.search(source))}
    before = {match[1] for source in sources if (match := _DOWN_REVISION.search(source))}
    (head,) = revisions - before
    return head


def _folder() -> Path:
    return _PACKAGED if _PACKAGED.exists() else _CHECKOUT


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder()))
    config.set_main_option("path_separator", "os")
    return config


def _with_connection(database: Database, work: Callable[["Config"], None]) -> None:
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        work(config)
        connection.commit()
