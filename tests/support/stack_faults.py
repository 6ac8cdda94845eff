"""What a database server of ours can be made to do to the connections and locks of the application."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pymysql

from support.stack import Stack
from support.stack_process import until

Cursor = pymysql.cursors.Cursor
_OURS = "SELECT id FROM information_schema.processlist WHERE user = 'ccmanage'"


def connections(stack: Stack) -> set[int]:
    """Return the numbers of the application's connections."""
    with stack.admin() as connection, connection.cursor() as cursor:
        cursor.execute(_OURS)
        return {number for (number,) in cursor.fetchall()}


def renew_connections(stack: Stack) -> None:
    """Have the application connect anew, so that changed globals hold for its sessions."""
    old = connections(stack)
    with killing_connections(stack):
        until(lambda: not old & connections(stack), 10, "the old connections are gone")


@contextmanager
def killing_connections(stack: Stack) -> Iterator[list[int]]:
    """Kill every connection of the application, again and again; yields the numbers of those killed."""
    stopping, killed = threading.Event(), list[int]()

    def run() -> None:
        with suppress(pymysql.err.OperationalError), stack.admin() as connection, connection.cursor() as cursor:
            while not stopping.wait(0.1):
                for number in connections(stack):
                    with suppress(pymysql.err.OperationalError):  # it may have ended by itself
                        cursor.execute(f"KILL CONNECTION {number}")
                        killed.append(number)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        stopping.set()
        thread.join()


@contextmanager
def heavy(rival: Cursor) -> Iterator[None]:
    """A transaction of the rival's that has changed more rows than any settlement: no server sacrifices it."""
    rival.execute("CREATE DATABASE IF NOT EXISTS rival")
    rival.execute("CREATE TABLE IF NOT EXISTS rival.ballast (id INT PRIMARY KEY)")
    rival.execute("BEGIN")
    rival.execute(f"INSERT INTO rival.ballast VALUES {','.join(f'({number})' for number in range(20_000))}")
    try:
        yield
    finally:
        rival.execute("ROLLBACK")


def deadlocks(cursor: Cursor) -> int:
    """Return how many deadlocks the server has met."""
    cursor.execute("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'")
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def lock_waits(stack: Stack) -> int:
    """Return how many row locks are waited for.

    Not asked of information_schema.innodb_trx: the server keeps its answer until nobody has asked for 100 ms, so
    whoever asks more often is told the same for ever.
    """
    with stack.admin() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")
        row = cursor.fetchone()
    assert row is not None
    return int(row[1])
