"""The installation that a command works on: its settings and its runtime."""

from collections.abc import Iterator
from contextlib import contextmanager

from ccmanage.adapters.dramatiq_queue import SilentQueue
from ccmanage.bootstrap import Runtime
from ccmanage.core.config import ConfigError, Settings, load_settings, peek_settings
from ccmanage.core.logging import configure_logging
from ccmanage.migrations import is_current


def tool_settings() -> Settings:
    """Return the settings of the given database, or of the embedded one in DATA_DIR. Raises ConfigError."""
    settings = peek_settings()
    embedded = not settings.database_url
    if embedded and not (settings.data_dir / "ccmanage.db").exists():
        raise ConfigError(
            f"CCMANAGE_DATABASE_URL: is not set, and there is no embedded database in {settings.data_dir} "
            "(`ccmanage up` makes one)"
        )
    return load_settings(embedded=True)


def quiet_logging(settings: Settings) -> None:
    """Keep the log to what is wrong, unless a level was asked for."""
    asked = "log_level" in settings.model_fields_set
    configure_logging("cli", settings.log_level if asked else "WARNING", settings.log_format)


@contextmanager
def open_runtime(settings: Settings | None = None) -> Iterator[Runtime]:
    """Open the runtime for the length of a command. It sends no messages: the timetable finds what is to do."""
    settings = settings or tool_settings()
    quiet_logging(settings)
    runtime = Runtime(settings, SilentQueue())
    try:
        yield runtime
    finally:
        runtime.close()


@contextmanager
def open_installation() -> Iterator[Runtime]:
    """Open a runtime on a migrated database; raises ConfigError for one that is not."""
    with open_runtime() as runtime:
        if not is_current(runtime.database):
            raise ConfigError("CCMANAGE_DATABASE_URL: the database is not at this version; run `ccmanage migrate`")
        yield runtime
