"""Bring a database to the newest schema, and tell where it stands."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ccmanage.core.db import Database

_PACKAGED = Path(__file__).parent / "_alembic"
_CHECKOUT = Path(__file__).parent.parent / "alembic"


def migrate(database: Database, target: str = "head") -> None:
    """Upgrade to a revision; a database that is there already is left as it is."""
    _with_connection(database, lambda config: command.upgrade(config, target))


def downgrade(database: Database, target: str) -> None:
    """Go back to a revision (`base`: before the first)."""
    _with_connection(database, lambda config: command.downgrade(config, target))


def check_drift(database: Database) -> None:
    """Raise if the tables in the code differ from those that the migrations make."""
    _with_connection(database, command.check)


def is_current(database: Database) -> bool:
    """Tell whether the database stands at the newest revision."""
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_PACKAGED if _PACKAGED.exists() else _CHECKOUT))
    config.set_main_option("path_separator", "os")
    return config


def _with_connection(database: Database, work: Callable[[Config], None]) -> None:
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        work(config)
        connection.commit()
