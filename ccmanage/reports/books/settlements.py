"""I5 by ranges of settlements, and what else belongs to one: its own sums, its items, its events' ids (I1, I2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, text

from ccmanage.credits.rules import BY_SETTLEMENT, USAGE
from ccmanage.reports.books.items import missing_items
from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.rules import SettlementRow, judge_settlement
from ccmanage.reports.books.snapshot import Run
from ccmanage.usage.models import SLOT_MS

END = 1 << 62
# Settlements in one chunk at most, however small they are.
_MOST_SETTLEMENTS = 2_000

_RANGE = "{0} > :after AND {0} <= :upto"
_HERE = _RANGE.format("settlement_id")
_USAGE = f"ref_kind = {BY_SETTLEMENT} AND kind = {USAGE} AND {_RANGE.format('ref_id')}"

_CHARGES = text(
    "SELECT settlement_id, workspace_id, SUM(charged), SUM(moved), SUM(unpriced) FROM ("
    "SELECT settlement_id, workspace_id, SUM(credits_nano) AS charged, 0 AS moved,"
    " SUM(CASE WHEN price_id = 0 THEN 1 ELSE 0 END) AS unpriced"
    f" FROM events WHERE {_HERE} GROUP BY settlement_id, workspace_id"
    f" UNION ALL SELECT settlement_id, workspace_id, credits_nano, 0, 0 FROM sealed_settlements WHERE {_HERE}"
    " UNION ALL SELECT ref_id, workspace_id, 0, SUM(amount_nano), 0"
    f" FROM ledger WHERE {_USAGE} GROUP BY ref_id, workspace_id"
    ") AS sides GROUP BY settlement_id, workspace_id HAVING SUM(charged) + SUM(moved) <> 0 OR SUM(unpriced) <> 0"
)


def _sums_query() -> str:
    """Return SQL for a row of sums for each settlement whose sums differ, or that is named but not there."""
    names = SettlementRow._fields[1:]

    def part(table: str, number: str, where: str, **columns: str) -> str:
        listed = ", ".join(f"{columns.get(name, 0)} AS {name}" for name in names)
        group = "" if "known" in columns else f" GROUP BY {number}"
        return f"SELECT {number} AS number, {listed} FROM {table} WHERE {where}{group}"

    sides = " UNION ALL ".join(
        [
            part(
                "settlements",
                "id",
                _RANGE.format("id"),
                known="1",
                kind="kind",
                batches="batches",
                events="events",
                credits="credits_nano",
            ),
            part(
                "batch_outcomes",
                "settlement_id",
                _HERE,
                outcomes="COUNT(*)",
                inserted="SUM(inserted)",
                unpriced="SUM(unpriced)",
                batch_credits="SUM(credits_nano)",
            ),
            part("events", "settlement_id", _HERE, charged_events="COUNT(*)"),
            part("sealed_settlements", "settlement_id", _HERE, charged_events="SUM(events)"),
            part("unpriced_events", "settlement_id", _HERE, late_events="COUNT(*)"),
            part("ledger", "ref_id", _USAGE, ledger="SUM(amount_nano)"),
        ]
    )
    sums = {name: f"SUM({name})" for name in names}
    return (
        f"SELECT number, {', '.join(sums.values())} FROM ({sides}) AS sides GROUP BY number HAVING {sums['known']} <> 1"
        f" OR {sums['batches']} <> {sums['outcomes']}"
        f" OR {sums['events']} <> {sums['inserted']} + {sums['late_events']}"
        f" OR {sums['events']} <> {sums['charged_events']} + {sums['unpriced']}"
        f" OR {sums['credits']} + {sums['ledger']} <> 0"
        f" OR {sums['kind']} = 0 AND {sums['credits']} <> {sums['batch_credits']}"
    )


_SUMS = text(_sums_query())
_TWICE = text(
    "SELECT e.gateway_id, e.event_id, e.id FROM events e JOIN archived_event_keys a"
    f" ON a.gateway_id = e.gateway_id AND a.event_id = e.event_id WHERE {_RANGE.format('e.settlement_id')}"
)
# nosemgrep: sql-text-is-constant - names and numbers of our own
_CELLS = text(f"SELECT DISTINCT workspace_id, event_at - event_at % {SLOT_MS} FROM events WHERE {_HERE}")
# What went to quarantine and what had no price, up to the settlements that were there when the run began.
_TALLY = text(
    "SELECT COALESCE(SUM(conflicts + quarantined), 0), COALESCE(SUM(unpriced), 0)"
    f" FROM batch_outcomes WHERE {_HERE} AND settlement_id <= :ceiling"
)
_NEXT = text("SELECT id, events FROM settlements WHERE id > :after ORDER BY id LIMIT :most")


@dataclass(slots=True)
class Tally:
    """How many items outcomes sent to quarantine and left unpriced, up to the run's beginning."""

    set_aside: int = 0
    unpriced: int = 0


@dataclass(slots=True)
class _Chunk:
    """What one range of settlements gave."""

    upto: int
    settlements: int = 0
    events: int = 0
    tally: Tally = field(default_factory=Tally)
    cells: list[tuple[int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def check_settlements(run: Run, tally: Tally) -> Iterator[list[tuple[int, int]]]:
    """Look at all settlements above the watermark; yields, chunk by chunk, the (workspace, slot) cells they touched.

    Nothing is yielded in a full run, which looks at all cells anyway. The last chunk has no upper end, so that
    rows which name a settlement that never was are found.
    """
    pace = run.pace(20_000, 50_000)
    after, ceiling = run.report.start.settlement, run.report.reached.settlement
    while after < END:
        look = partial(_look, after=after, size=pace.size, ceiling=ceiling, with_cells=not run.report.is_full)
        found = run.read(look, pace)
        after = found.upto
        run.report.add(found.findings)
        run.report.checked["settlements"] += found.settlements
        run.report.checked["events"] += found.events
        tally.set_aside += found.tally.set_aside
        tally.unpriced += found.tally.unpriced
        run.tell("settlements", after, ceiling)
        yield found.cells


def _look(connection: Connection, after: int, size: int, ceiling: int, *, with_cells: bool) -> _Chunk:
    found = _Chunk(END)
    rows = connection.execute(_NEXT, {"after": after, "most": _MOST_SETTLEMENTS}).all()
    for number, events in rows:
        found.settlements += 1
        found.events += events
        if found.events >= size or found.settlements == _MOST_SETTLEMENTS:
            found.upto = number
            break
    bounds = {"after": after, "upto": found.upto}
    for settlement, workspace, charged, moved, unpriced in connection.execute(_CHARGES, bounds):
        where = {"settlement": settlement, "workspace": workspace}
        if charged + moved:
            found.findings.append(finding("I5", "charges", where, charged, -moved))
        if unpriced:
            found.findings.append(
                finding("I5", "price", where, "a price for each charged event", f"{unpriced} without")
            )
    for row in connection.execute(_SUMS, bounds):
        found.findings += judge_settlement(SettlementRow(*map(int, row)))
    found.findings += missing_items(connection, bounds)
    if connection.exec_driver_sql("SELECT 1 FROM archived_event_keys LIMIT 1").first():
        for gateway, event_id, number in connection.execute(_TWICE, bounds):
            where = {"gateway": gateway, "id": bytes(event_id).decode(errors="replace"), "event": number}
            found.findings.append(finding("I2", "archive", where, "an event or an archived key", "both"))
    found.tally = Tally(*map(int, connection.execute(_TALLY, {**bounds, "ceiling": ceiling}).one()))
    if with_cells:
        found.cells = [(workspace, at // SLOT_MS) for workspace, at in connection.execute(_CELLS, bounds)]
    return found
