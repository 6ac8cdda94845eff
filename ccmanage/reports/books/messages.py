"""I9: for each reason there is one mail and one alert, and what a mail says of itself fits together."""

from functools import partial

from sqlalchemy import Connection, inspect, text

from ccmanage.email.models import EmailState
from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.snapshot import Run

_CHUNK = 5_000
# What says why a message is there, in each table of messages.
_REASONS = {
    "emails": ("dedupe_key",),
    "alerts": ("workspace_id", "threshold_id", "period"),
    "happenings": ("dedupe",),
}
_END = "SELECT id FROM emails WHERE id > :after ORDER BY id LIMIT 1 OFFSET :size"
_NEWEST = "SELECT MAX(id) FROM emails WHERE id > :after"
_COUNT = "SELECT COUNT(*) FROM emails WHERE id > :after AND id <= :upto"
_TWICE = text(
    "SELECT e.id, o.id FROM emails e JOIN emails o ON o.dedupe_key = e.dedupe_key AND o.id < e.id"
    " WHERE e.id > :after AND e.id <= :upto"
)
_SENT = text(
    f"SELECT id, state, sent_at FROM emails WHERE id > :after AND id <= :upto"
    f" AND ((state IN ({EmailState.SENT:d}, {EmailState.KEPT:d}) AND (sent_at = 0 OR tries = 0))"
    f" OR (state NOT IN ({EmailState.SENT:d}, {EmailState.KEPT:d}) AND sent_at <> 0))"
)


def check_messages(run: Run) -> None:
    """Look at every mail that is still on record, chunk by chunk."""
    run.report.add(run.read(_guard))
    after = 0
    while True:
        upto, rows, findings = run.read(partial(_chunk, after=after))
        run.report.checked["mails"] += rows
        run.report.add(findings)
        if upto <= after:
            return
        after = upto


def _chunk(connection: Connection, *, after: int) -> tuple[int, int, list[Finding]]:
    end = connection.execute(text(_END), {"after": after, "size": _CHUNK - 1}).scalar()
    upto = int(end or connection.execute(text(_NEWEST), {"after": after}).scalar() or after)
    bounds = {"after": after, "upto": upto}
    rows = int(connection.execute(text(_COUNT), bounds).scalar_one())
    findings = [
        finding("I9", "twice", {"email": number}, "one mail for its reason", f"another one, {other}")
        for number, other in connection.execute(_TWICE, bounds)
    ]
    findings += [
        finding("I9", "sent", {"email": number}, f"an instant that fits state {state}", sent_at)
        for number, state, sent_at in connection.execute(_SENT, bounds)
    ]
    return upto, rows, findings


def _guard(connection: Connection) -> list[Finding]:
    """Look whether the database itself keeps reasons unique: of mails, of alerts, of what others are told."""
    return [
        finding("I9", "unique_key", {"table": table}, f"a unique key over {', '.join(columns)}", "none")
        for table, columns in _REASONS.items()
        if columns not in _unique_keys(connection, table)
    ]


def _unique_keys(connection: Connection, table: str) -> set[tuple[str | None, ...]]:
    inspector = inspect(connection)
    keys = {tuple(index["column_names"]) for index in inspector.get_indexes(table) if index["unique"]}
    return keys | {tuple(unique["column_names"]) for unique in inspector.get_unique_constraints(table)}
