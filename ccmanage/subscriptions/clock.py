"""What time it is for periods: the database's clock, since a host's clock may jump and another's may not."""

from sqlalchemy.orm import Session

from ccmanage.core.clock import Clock


class DatabaseClock:
    """The clock of the database server; SQLite has none of its own, and takes the process's."""

    def __init__(self, session: Session, process: Clock) -> None:
        self._session = session
        self._process = process

    def now_ms(self) -> int:
        """Return the present instant."""
        connection = self._session.connection()
        if connection.dialect.name == "sqlite":
            return self._process.now_ms()
        return int(connection.exec_driver_sql("SELECT FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)").scalar_one())
