"""I1 by ranges of batches: each item that was received is counted once, and the stored outcomes say the same."""

from functools import partial

from sqlalchemy import Connection, text

from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.rules import BatchRow, judge_batch
from ccmanage.reports.books.snapshot import Run

END = 1 << 62


def _bytes(code: int) -> str:
    """Return SQL for twice the number of items with an outcome (as hexadecimal: the same on every server)."""
    return f"LENGTH(HEX(o.outcomes)) - LENGTH(REPLACE(HEX(o.outcomes), '0{code}', ''))"


# Sums stand on both sides rather than differences: the counts are unsigned.
_BROKEN = text(
    "SELECT b.id, b.state, b.received, b.rejected, o.inserted, o.duplicates, o.conflicts, o.quarantined, o.unpriced,"
    " o.outcomes FROM inbox_batches b LEFT JOIN batch_outcomes o ON o.batch_id = b.id"
    " WHERE b.id > :after AND b.id <= :upto AND ("
    " b.state NOT IN (0, 1) OR (b.state = 1) <> (o.batch_id IS NOT NULL)"
    " OR b.received <> o.inserted + o.duplicates + o.conflicts + o.quarantined"
    " OR b.rejected > o.quarantined OR o.unpriced > o.inserted"
    " OR o.outcomes IS NOT NULL AND (LENGTH(o.outcomes) <> b.received"
    f" OR {_bytes(1)} + 2 * o.unpriced <> 2 * o.inserted"
    f" OR {_bytes(2)} <> 2 * o.duplicates OR {_bytes(3)} <> 2 * o.conflicts"
    f" OR {_bytes(4)} <> 2 * o.quarantined OR {_bytes(5)} <> 2 * o.unpriced))"
)
_ORPHANS = text(
    "SELECT o.batch_id FROM batch_outcomes o LEFT JOIN inbox_batches b ON b.id = o.batch_id"
    " WHERE o.batch_id > :after AND o.batch_id <= :upto AND b.id IS NULL"
)
_NEXT = text("SELECT id FROM inbox_batches WHERE id > :after ORDER BY id LIMIT 1 OFFSET :size")
_COUNT = text("SELECT COUNT(*) FROM inbox_batches WHERE id > :after AND id <= :upto")
_NEWEST = text("SELECT COALESCE(MAX(id), 0) FROM inbox_batches")


def check_batches(run: Run) -> None:
    """Look at all batches above the watermark; the last chunk has no upper end."""
    pace = run.pace(2_000, 20_000)
    after = run.report.start.batch
    newest = run.read(lambda connection: connection.execute(_NEWEST).scalar_one())
    while after < END:
        after, count, findings = run.read(partial(_look, after=after, size=pace.size), pace)
        run.report.add(findings)
        run.report.checked["batches"] += count
        run.tell("batches", after, newest)


def _look(connection: Connection, after: int, size: int) -> tuple[int, int, list[Finding]]:
    """Look at the next batches; returns up to which number, how many there were, and what was found."""
    found = connection.execute(_NEXT, {"after": after, "size": size - 1}).scalar()
    bounds = {"after": after, "upto": END if found is None else int(found)}
    findings = [one for row in connection.execute(_BROKEN, bounds) for one in judge_batch(BatchRow(*row))]
    for (batch,) in connection.execute(_ORPHANS, bounds):
        findings.append(finding("I1", "batch", {"batch": batch}, "a batch", "only its outcome"))
    return bounds["upto"], int(connection.execute(_COUNT, bounds).scalar_one()), findings
