"""Take the oldest waiting batches: by state, never by `id > cursor`, since numbers are not given in commit order."""

import json

import msgspec
from sqlalchemy import Connection

from ccmanage.core.logging import get_logger
from ccmanage.core.sql import select_in
from ccmanage.usage.plan import Claimed
from ccmanage.usage.records import Rejection, decode_payload, decode_rejections, fingerprint, split_ids

log = get_logger(__name__)

# Numbers given to posts that are still being written while later ones are committed already.
_IN_FLIGHT = 10_000
_COLUMNS = "id, gateway_id, received, received_at, payload, rejections, ids"


def find_floor(connection: Connection) -> int:
    """Return a number below which hardly a batch can be pending; looked up without a floor.

    Without one, an empty claim wades through the index entries of all that was settled and not yet purged. A
    batch that is committed below it after all is found when the floor is derived anew.
    """
    oldest = connection.exec_driver_sql("SELECT MIN(id) FROM inbox_batches WHERE state = 0").scalar()
    newest = connection.exec_driver_sql("SELECT MAX(id) FROM inbox_batches").scalar()
    return max(int(oldest or newest or 0) - _IN_FLIGHT, 0)


def claim(connection: Connection, floor: int, now: int, max_events: int) -> list[Claimed]:
    """Return the oldest batches that are due, up to so many events and at least one batch, decoded."""
    rows = connection.exec_driver_sql(
        "SELECT id, received FROM inbox_batches"
        f" WHERE state = 0 AND id >= {floor:d} AND next_attempt_at <= {now:d} ORDER BY id LIMIT {max_events:d}"
    )
    chosen: list[int] = []
    events = 0
    for number, received in rows.all():
        if chosen and events + received > max_events:
            break
        chosen.append(number)
        events += received
    if not chosen:
        return []
    found = select_in(connection, f"SELECT {_COLUMNS} FROM inbox_batches WHERE id IN ({{}}) ORDER BY id", chosen)
    return [_decode(*row) for row in found]


def _decode(  # noqa: PLR0913 - the columns of one row
    number: int,
    gateway_id: int,
    received: int,
    received_at: int,
    payload: bytes | None,
    rejections: bytes | None,
    ids: bytes | None,
) -> Claimed:
    """Decode a batch; one that cannot be read is quarantined whole, item by item, with its ids."""
    try:
        return Claimed(
            number, gateway_id, received, received_at, decode_payload(payload), decode_rejections(rejections)
        )
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.warning("batch_undecodable", batch=number, text=str(error)[:200])
        names = split_ids(ids) if received else []
        detail = "The stored batch cannot be read."
        body = json.dumps({"payload": (payload or b"")[:1500].hex()}).encode()
        lost = [
            Rejection(index, name, "batch.undecodable", detail, fingerprint(f"{number}:{index}".encode()), body)
            for index, name in enumerate(names)
        ]
        return Claimed(number, gateway_id, received, received_at, [], lost)
