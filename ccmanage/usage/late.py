"""Charge events whose price came late: a settlement of its own kind, under the same lane."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection

from ccmanage.core.clock import Clock
from ccmanage.core.sql import IN_LIST, chunks, ints
from ccmanage.core.uow import with_retries
from ccmanage.credits.books import Books
from ccmanage.pricing.book import PriceBook
from ccmanage.pricing.errors import CostOutOfRange
from ccmanage.pricing.rules import TokenCounts, cost_of
from ccmanage.usage.models import SLOT_MS, SettlementKind
from ccmanage.usage.plan import GEOGRAPHY_NAMES, SPEED_NAMES, TIER_NAMES
from ccmanage.usage.settlement import SettlingScope, close_settlement, open_settlement, take_lane
from ccmanage.usage.writing import write_rollups

CHUNK = 2_000
_EVENT = (
    "SELECT e.id, e.workspace_id, e.key_id, e.user_id, e.model_id, e.project_id, e.event_at, e.input_tokens,"
    " e.output_tokens, e.cache_read_tokens, e.cache_write_5m_tokens, e.cache_write_1h_tokens, e.web_searches,"
    " e.service_tier, e.speed, e.geography FROM events e WHERE e.id IN ({})"
)
_NAMES = "SELECT id, name FROM model_names"


def charge_late_prices(
    open_scope: Callable[[], AbstractContextManager[SettlingScope]], clock: Clock, *, max_rounds: int = 1_000
) -> int:
    """Charge what waits for a price that is known by now, chunk by chunk; returns how many events."""
    charged = 0
    refused: set[int] = set()

    def once() -> tuple[int, set[int]]:
        with open_scope() as scope:
            return _charge_chunk(scope, clock.now_ms(), refused)

    for _ in range(max_rounds):
        done, more = with_retries(once, repeatable=True)
        charged += done
        refused.update(more)
        if not done and not more:
            break
    return charged


def _charge_chunk(scope: SettlingScope, now: int, refused: Collection[int]) -> tuple[int, set[int]]:
    """Charge a chunk; returns how many events, and those of which the cost or the balance would be out of range."""
    connection = scope.session.connection()
    if not take_lane(connection):
        return 0, set()
    book = scope.pricing.book(fresh=True)
    waiting = _priced_now(connection, book, refused)
    if not waiting:
        return 0, set()
    names = {number: bytes(name).decode() for number, name in connection.exec_driver_sql(_NAMES)}
    rows = [row for part in chunks(waiting, IN_LIST) for row in connection.exec_driver_sql(_EVENT.format(ints(part)))]
    costs = _costs(rows, names, book)
    books = Books(connection, now)
    books.open({row[1] for row in rows if row[0] in costs})
    fitting, charges = _fitting(rows, costs, books)
    if fitting:
        settlement_id = open_settlement(connection, SettlementKind.LATE_PRICES, now)
        rollups: dict[tuple[int, ...], list[int]] = {}
        for row in fitting:
            key = (row[1], row[6] // SLOT_MS, *row[2:6])
            rollups.setdefault(key, [0] * 9)[8] += costs[row[0]][1]
        for workspace_id, cost in sorted(charges.items()):
            books.charge(workspace_id, cost, settlement_id)
        _mark(connection, [(row[0], *costs[row[0]]) for row in fitting], settlement_id)
        write_rollups(connection, rollups)
        books.write()
        close_settlement(connection, settlement_id, 0, len(fitting), sum(charges.values()))
    return len(fitting), {row[0] for row in rows} - {row[0] for row in fitting}


def _fitting(
    rows: Iterable[Sequence[Any]], costs: Mapping[int, tuple[int, int]], books: Books
) -> tuple[list[Sequence[Any]], dict[int, int]]:
    """Return the events that can be charged together, and what each workspace is charged for them."""
    fitting, charges = [], dict[int, int]()
    for row in rows:
        if row[0] not in costs:
            continue
        whole = charges.get(row[1], 0) + costs[row[0]][1]
        if books.can_charge(row[1], whole):
            charges[row[1]] = whole
            fitting.append(row)
    return fitting, charges


def _priced_now(connection: Connection, book: PriceBook, refused: Collection[int]) -> list[int]:
    """Return numbers of waiting events whose model has a price at their time, at most a chunk, without the refused."""
    models = connection.exec_driver_sql(
        "SELECT DISTINCT u.model_id, m.name FROM unpriced_events u JOIN model_names m ON m.id = u.model_id"
        " WHERE u.settlement_id = 0"
    ).all()
    found: list[int] = []
    for model_id, name in models:
        for number, at in connection.exec_driver_sql(
            f"SELECT event_number, event_at FROM unpriced_events WHERE settlement_id = 0 AND model_id = {model_id:d}"
            f" ORDER BY event_at DESC LIMIT {CHUNK + len(refused):d}"
        ):
            if number not in refused and book.price_for(bytes(name).decode(), at) is not None:
                found.append(number)
    return found[:CHUNK]


def _costs(rows: Sequence[Sequence[Any]], names: dict[int, str], book: PriceBook) -> dict[int, tuple[int, int]]:
    costs = {}
    for row in rows:
        price = book.price_for(names[row[4]], row[6])
        if price is None:
            continue
        counts = TokenCounts(*row[7:13])
        modes = (TIER_NAMES.get(row[13]), SPEED_NAMES.get(row[14]), GEOGRAPHY_NAMES.get(row[15]))
        try:
            costs[row[0]] = (price.id, cost_of(counts, price, *modes))
        except CostOutOfRange:
            continue
    return costs


def _mark(connection: Connection, charged: list[tuple[int, int, int]], settlement_id: int) -> None:
    """Write price, credits and settlement onto the events; the row of what was unpriced keeps the settlement."""
    for part in chunks(charged, 200):
        listed = ints(number for number, _price, _cost in part)
        prices = " ".join(f"WHEN {number:d} THEN {price:d}" for number, price, _cost in part)
        costs = " ".join(f"WHEN {number:d} THEN {cost:d}" for number, _price, cost in part)
        connection.exec_driver_sql(
            f"UPDATE events SET price_id = CASE id {prices} END, credits_nano = CASE id {costs} END,"
            f" settlement_id = {settlement_id:d} WHERE id IN ({listed})"
        )
        connection.exec_driver_sql(
            f"UPDATE unpriced_events SET settlement_id = {settlement_id:d} WHERE event_number IN ({listed})"
        )
