"""I8: each period of a subscription was opened once, after the one before, with its grant and its entries."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, TextClause, inspect, text

from ccmanage.credits.models import EntryKind, GrantState, Reference
from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.snapshot import Run
from ccmanage.subscriptions.states import Cause

Look = Callable[[Connection, dict[str, int]], list[Finding]]

END = 1 << 62
_LIVING = f"({GrantState.SCHEDULED:d}, {GrantState.ACTIVE:d})"
_IN_ORDER = f"({Cause.RENEWED:d}, {Cause.TRIAL_ENDED:d})"
_IDENTITY = ("subscription_id", "start_at")
_RANGE = "r.id > :after AND r.id <= :upto"
# The period before: its row is the newest of the subscription that started earlier.
_BEFORE = (
    "p.subscription_id = r.subscription_id AND p.start_at = (SELECT MAX(q.start_at) FROM renewals q"
    " WHERE q.subscription_id = r.subscription_id AND q.start_at < r.start_at)"
)

_GRANTS = text(
    "SELECT r.id, r.allowance_nano, COUNT(g.id), COALESCE(SUM(g.amount_nano), 0) FROM renewals r"
    f" LEFT JOIN grants g ON g.renewal_id = r.id AND g.workspace_id = r.workspace_id WHERE {_RANGE}"
    " GROUP BY r.id, r.allowance_nano HAVING COUNT(g.id) <> CASE WHEN r.allowance_nano > 0 THEN 1 ELSE 0 END"
    " OR COALESCE(SUM(g.amount_nano), 0) <> r.allowance_nano"
)
_ENTRIES = text(
    "SELECT r.id, r.allowance_nano,"
    f" COALESCE(SUM(CASE WHEN l.kind = {EntryKind.GRANT:d} THEN l.amount_nano ELSE 0 END), 0) AS granted,"
    f" COALESCE(SUM(CASE WHEN l.kind = {EntryKind.ROLLOVER:d} THEN l.amount_nano ELSE 0 END), 0) AS rolled"
    f" FROM renewals r LEFT JOIN ledger l ON l.ref_kind = {Reference.RENEWAL:d} AND l.ref_id = r.id"
    f" AND l.workspace_id = r.workspace_id WHERE {_RANGE} GROUP BY r.id, r.allowance_nano"
    " HAVING granted <> r.allowance_nano OR rolled <> 0"
)
_GAPS = text(
    f"SELECT r.id, p.end_at, r.start_at FROM renewals r LEFT JOIN renewals p ON {_BEFORE}"
    f" WHERE {_RANGE} AND r.cause IN {_IN_ORDER} AND (p.id IS NULL OR p.end_at <> r.start_at)"
)
_UNCLOSED = text(
    f"SELECT r.id, g.id, g.remaining_nano FROM renewals r JOIN renewals p ON {_BEFORE}"
    f" JOIN grants g ON g.renewal_id = p.id WHERE {_RANGE} AND g.state IN {_LIVING}"
)
_STRAY_GRANTS = text(
    "SELECT g.id, g.renewal_id FROM grants g LEFT JOIN renewals r ON r.id = g.renewal_id"
    " AND r.workspace_id = g.workspace_id WHERE g.renewal_id > :after AND g.renewal_id <= :upto AND r.id IS NULL"
)
_STRAY_ENTRIES = text(
    "SELECT l.workspace_id, l.seq, l.ref_id FROM ledger l LEFT JOIN renewals r ON r.id = l.ref_id"
    f" AND r.workspace_id = l.workspace_id WHERE l.ref_kind = {Reference.RENEWAL:d}"
    " AND l.ref_id > :after AND l.ref_id <= :upto AND r.id IS NULL"
)
_STANDINGS = text(
    "SELECT s.id, s.period_start_at, r.start_at FROM subscriptions s"
    " LEFT JOIN renewals r ON r.id = s.renewal_id AND r.subscription_id = s.id"
    " WHERE s.id > :after AND s.id <= :upto AND s.live_workspace_id IS NOT NULL AND s.renewal_id > 0"
    " AND (r.id IS NULL OR r.start_at <> s.period_start_at)"
)
_OVERDRAFTS = text(
    "SELECT s.id, CASE WHEN s.renewal_id > 0 THEN v.overdraft_nano ELSE 0 END AS promised, b.overdraft_nano"
    " FROM subscriptions s JOIN package_versions v ON v.id = s.version_id"
    " JOIN balances b ON b.workspace_id = s.workspace_id"
    " WHERE s.id > :after AND s.id <= :upto AND s.live_workspace_id IS NOT NULL"
    " AND b.overdraft_nano <> CASE WHEN s.renewal_id > 0 THEN v.overdraft_nano ELSE 0 END"
)
_SQLITE_GUARDS = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'renewals'"
_MYSQL_GUARDS = (
    "SELECT COUNT(*) FROM information_schema.triggers WHERE event_object_schema = DATABASE()"
    " AND event_object_table = 'renewals' AND action_timing = 'BEFORE' AND event_manipulation IN ('UPDATE', 'DELETE')"
)


def check_renewals(run: Run) -> None:
    """Look at all renewals above the watermark, and at every subscription."""
    run.report.add(run.read(partial(_guards, query=_SQLITE_GUARDS if run.is_sqlite else _MYSQL_GUARDS)))
    run.report.checked["renewals"] += by_ranges(run, "renewals", run.report.start.renewal, _look)
    by_ranges(run, "subscriptions", 0, _look_at_subscriptions)


def by_ranges(run: Run, table: str, after: int, look: Look) -> int:
    """Look at a table's rows above a number, chunk by chunk; returns how many. The last chunk has no upper end."""
    # nosemgrep: sql-text-is-constant - names and numbers of our own
    query = text(f"SELECT id FROM {table} WHERE id > :after ORDER BY id LIMIT 1 OFFSET :size")
    # nosemgrep: sql-text-is-constant - names and numbers of our own
    count = text(f"SELECT COUNT(*) FROM {table} WHERE id > :after AND id <= :upto")
    pace, rows = run.pace(1_000, 20_000), 0
    while after < END:
        work = partial(_chunk, query=query, count=count, after=after, size=pace.size, look=look)
        after, looked_at, findings = run.read(work, pace)
        rows += looked_at
        run.report.add(findings)
    return rows


def _chunk(
    connection: Connection, *, query: TextClause, count: TextClause, after: int, size: int, look: Look
) -> tuple[int, int, list[Finding]]:
    found = connection.execute(query, {"after": after, "size": size - 1}).scalar()
    bounds = {"after": after, "upto": END if found is None else int(found)}
    return bounds["upto"], int(connection.execute(count, bounds).scalar_one()), look(connection, bounds)


def _look(connection: Connection, bounds: dict[str, int]) -> list[Finding]:
    findings = []
    for number, allowance, grants, amount in connection.execute(_GRANTS, bounds):
        expected = f"one grant of {allowance}" if allowance else "no grant"
        findings.append(finding("I8", "grant", {"renewal": number}, expected, f"{grants} of {int(amount)}"))
    for number, allowance, granted, rolled in connection.execute(_ENTRIES, bounds):
        where = {"renewal": number}
        if granted != allowance:
            findings.append(finding("I8", "entry", where, allowance, int(granted)))
        if rolled:
            findings.append(finding("I8", "rollover", where, 0, int(rolled)))
    for number, end, start in connection.execute(_GAPS, bounds):
        findings.append(finding("I8", "order", {"renewal": number}, f"a start at {end}", start))
    for number, grant, left in connection.execute(_UNCLOSED, bounds):
        findings.append(finding("I8", "closed", {"renewal": number, "grant": grant}, "an ended grant", f"{left} left"))
    for grant, number in connection.execute(_STRAY_GRANTS, bounds):
        findings.append(finding("I8", "renewal", {"grant": grant}, f"renewal {number}", "none"))
    for workspace, seq, number in connection.execute(_STRAY_ENTRIES, bounds):
        findings.append(finding("I8", "renewal", {"workspace": workspace, "seq": seq}, f"renewal {number}", "none"))
    return findings


def _look_at_subscriptions(connection: Connection, bounds: dict[str, int]) -> list[Finding]:
    findings = [
        finding("I8", "period", {"subscription": number}, f"a renewal at {start}", found)
        for number, start, found in connection.execute(_STANDINGS, bounds)
    ]
    for number, promised, found in connection.execute(_OVERDRAFTS, bounds):
        findings.append(finding("I8", "overdraft", {"subscription": number}, promised, found))
    return findings


def _guards(connection: Connection, query: str) -> list[Finding]:
    """Look whether the database itself keeps renewals unique and unchanged."""
    inspector, findings = inspect(connection), []
    keys = {tuple(index["column_names"]) for index in inspector.get_indexes("renewals") if index["unique"]}
    keys |= {tuple(unique["column_names"]) for unique in inspector.get_unique_constraints("renewals")}
    if _IDENTITY not in keys:
        expected = f"a unique key over {' and '.join(_IDENTITY)}"
        findings.append(finding("I8", "unique_key", {"table": "renewals"}, expected, "none"))
    triggers = int(connection.exec_driver_sql(query).scalar_one())
    if triggers != 2:
        expected = "triggers that refuse UPDATE and DELETE"
        findings.append(finding("I8", "guard", {"table": "renewals"}, expected, f"{triggers} of 2"))
    return findings
