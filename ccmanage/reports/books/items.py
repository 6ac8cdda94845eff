"""I1 item by item: what an outcome says was charged or known is found by its gateway and id."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from ccmanage.core.sql import IN_LIST, chunks, hexes
from ccmanage.reports.books.report import Finding, finding
from ccmanage.usage.models import Outcome

# Ids and outcomes are kept for a while; the counts of a batch stay for ever.
_ITEMS = text(
    "SELECT b.id, b.gateway_id, b.received, o.outcomes, b.ids FROM batch_outcomes o"
    " JOIN inbox_batches b ON b.id = o.batch_id"
    " WHERE o.settlement_id > :after AND o.settlement_id <= :upto AND o.outcomes IS NOT NULL AND b.ids IS NOT NULL"
)
_KNOWN = frozenset((Outcome.INSERTED, Outcome.DUPLICATE, Outcome.CONFLICT, Outcome.UNPRICED))
_WHERE = "FROM {} WHERE gateway_id = {:d} AND event_id IN ({})"


def missing_items(connection: Connection, bounds: Mapping[str, int]) -> Iterator[Finding]:
    """Return the items of the batches of a range of settlements for which there is no event."""
    wanted: dict[int, dict[bytes, int]] = defaultdict(dict)
    for batch, gateway, received, outcomes, joined in connection.execute(_ITEMS, bounds):
        names = bytes(joined).split(b"\n") if received else []
        if len(names) != received:
            yield finding("I1", "ids", {"batch": batch}, received, len(names))
        if _KNOWN.issuperset(outcomes):
            known = names
        else:
            known = [name for name, outcome in zip(names, outcomes, strict=False) if outcome in _KNOWN]
        wanted[gateway] |= dict.fromkeys(known, batch)
    for gateway, batches in wanted.items():
        for names in chunks(sorted(batches), IN_LIST):
            where = _WHERE.format("events", gateway, hexes(names))
            if connection.exec_driver_sql(f"SELECT COUNT(*) {where}").scalar_one() != len(names):
                for name in _missing(connection, gateway, names):
                    yield _gone(batches[name], gateway, name)


def _missing(connection: Connection, gateway: int, names: list[bytes]) -> list[bytes]:
    """Return those ids that are neither in the events nor among the keys that retention keeps."""
    missing = set(names)
    for table in ("events", "archived_event_keys"):
        where = _WHERE.format(table, gateway, hexes(names))
        missing -= {bytes(row[0]) for row in connection.exec_driver_sql(f"SELECT event_id {where}")}
    return sorted(missing)


def _gone(batch: int, gateway: int, name: bytes) -> Finding:
    where: dict[str, int | str] = {"batch": batch, "gateway": gateway, "id": name.decode(errors="replace")}
    return finding("I1", "event", where, "an event", "none")
