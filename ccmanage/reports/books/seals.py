"""A1: the audit log is one chain: nothing in it was changed, taken out or put in after it was sealed."""

from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, text

from ccmanage.audit.chain import Seal, SealedEntry, judge
from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.snapshot import Run

_SEALS = text("SELECT id, entries, prev_hash, hash, cut_at FROM audit_seals WHERE id > :after ORDER BY id LIMIT :most")
_BEFORE = text("SELECT id, entries, prev_hash, hash, cut_at FROM audit_seals WHERE id = :after")
_ENTRIES = text(
    f"SELECT seal_id, {', '.join(SealedEntry._fields)} FROM audit_log"
    " WHERE seal_id > :after AND seal_id <= :upto ORDER BY seal_id, id"
)
_STRAYS = text("SELECT COUNT(*) FROM audit_log WHERE seal_id > :after")


def check_seals(run: Run) -> None:
    """Look at all seals above the watermark with their entries."""
    pace = run.pace(32, 256)
    after, ceiling = run.report.start.seal, run.report.reached.seal
    while after < ceiling:
        reached, found = run.read(partial(_look, after=after, most=pace.size), pace)
        run.report.add(found)
        run.report.checked["seals"] += max(reached - after, 0)
        after = reached
        run.tell("audit log", after, ceiling)
    run.report.add(run.read(_strays))


def _look(connection: Connection, after: int, most: int) -> tuple[int, list[Finding]]:
    seals = [_seal(row) for row in connection.execute(_SEALS, {"after": after, "most": most})]
    if not seals:
        # The row that the watermark named is gone.
        return 1 << 62, [finding("A1", "order", {"seal": after + 1}, "a seal", "none")]
    before = connection.execute(_BEFORE, {"after": after}).one_or_none()
    previous = _seal(before) if before else None
    bounds = {"after": after, "upto": seals[-1].id}
    entries = {
        number: [_entry(row) for row in rows]
        for number, rows in groupby(connection.execute(_ENTRIES, bounds), key=itemgetter(0))
    }
    findings: list[Finding] = []
    for seal in seals:
        for broken in judge(previous, seal, entries.get(seal.id, [])):
            findings.append(finding("A1", broken.check, {"seal": broken.seal}, broken.expected, broken.found))  # noqa: PERF401 - two levels read better
        previous = seal
    return seals[-1].id, findings


def _strays(connection: Connection) -> list[Finding]:
    newest = int(connection.exec_driver_sql("SELECT MAX(id) FROM audit_seals").scalar() or 0)
    strays = int(connection.execute(_STRAYS, {"after": newest}).scalar() or 0)
    return [finding("A1", "seal", {"after": newest}, "a seal for each sealed entry", f"{strays} without")] * bool(
        strays
    )


def _seal(row: Row[Any]) -> Seal:
    return Seal(row.id, row.entries, bytes(row.prev_hash), bytes(row.hash), row.cut_at)


def _entry(row: Row[Any]) -> SealedEntry:
    return SealedEntry._make(row[1:])
