"""I10: a hold was made only if balance − active holds + overdraft allowance covered it.

The row keeps what it stood on. The balance is held against the ledger at that entry; what was set aside by others
against those that still are.
"""

from sqlalchemy import Connection, text

from ccmanage.core.clock import SECOND
from ccmanage.credits.models import HoldState
from ccmanage.reports.books.renewals import by_ranges
from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.snapshot import Run

# Clocks of hosts differ a little: what ended about then may have counted or not.
_ABOUT_MS = 5 * SECOND
_RANGE = "h.id > :after AND h.id <= :upto"
_UNCOVERED = text(
    "SELECT h.id, h.amount_nano, h.available_before_nano FROM holds h"
    f" WHERE {_RANGE} AND (h.amount_nano <= 0 OR h.available_before_nano < h.amount_nano OR h.held_before_nano < 0)"
)
_SUMS = text(
    "SELECT h.id, h.available_before_nano, COALESCE(l.balance_after_nano, 0) - h.held_before_nano + h.overdraft_nano"
    " FROM holds h LEFT JOIN ledger l ON l.workspace_id = h.workspace_id AND l.seq = h.ledger_seq"
    f" WHERE {_RANGE} AND (h.available_before_nano <>"
    " COALESCE(l.balance_after_nano, 0) - h.held_before_nano + h.overdraft_nano"
    " OR (l.seq IS NULL AND h.ledger_seq <> 0))"
)
_ASIDE = text(
    "SELECT h.id, h.held_before_nano, SUM(o.amount_nano) FROM holds h JOIN holds o ON o.workspace_id = h.workspace_id"
    f" AND o.state = {HoldState.ACTIVE:d} AND o.id < h.id AND o.expires_at > h.created_at + {_ABOUT_MS}"
    f" WHERE {_RANGE} GROUP BY h.id, h.held_before_nano HAVING SUM(o.amount_nano) > h.held_before_nano"
)
_CAPTURED = text(
    f"SELECT h.id, h.state, h.settlement_id FROM holds h WHERE {_RANGE}"
    f" AND ((h.state = {HoldState.CAPTURED:d}) <> (h.settlement_id > 0)"
    f" OR (h.state = {HoldState.ACTIVE:d}) <> (h.ended_at = 0))"
)


def check_holds(run: Run) -> None:
    """Look at all holds above the watermark."""
    run.report.checked["holds"] += by_ranges(run, "holds", run.report.start.hold, _look)


def _look(connection: Connection, bounds: dict[str, int]) -> list[Finding]:
    findings = []
    for number, amount, available in connection.execute(_UNCOVERED, bounds):
        findings.append(finding("I10", "covered", {"hold": number}, f"at least {amount} available", available))
    for number, kept, reckoned in connection.execute(_SUMS, bounds):
        findings.append(finding("I10", "available", {"hold": number}, reckoned, kept))
    for number, kept, others in connection.execute(_ASIDE, bounds):
        findings.append(finding("I10", "held", {"hold": number}, f"at least {int(others)}", kept))
    for number, state, settlement in connection.execute(_CAPTURED, bounds):
        expected = "an end, and a settlement if it was captured"
        findings.append(finding("I10", "ended", {"hold": number}, expected, f"state {state}, settlement {settlement}"))
    return findings
