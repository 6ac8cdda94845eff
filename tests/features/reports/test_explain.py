"""Every query behind a screen finds its rows by an index: shown by EXPLAIN, with rows in the tables."""

import re
from typing import Any

import pytest
from sqlalchemy import Table, event, insert, text

from ccmanage.core.clock import DAY
from ccmanage.core.ids import new_id
from ccmanage.credits.models import Grant, LedgerEntry
from ccmanage.keys.models import ApiKey, ApiKeySecret
from ccmanage.usage.models import ModelName, QuarantinedEvent, Rollup, UsageEvent
from support.world import Person, World

WORKSPACES, EACH = 40, 120
# Tables that grow with use. Whoever reads one of them whole will be slow one day.
GROWING = {
    "rollups", "events", "ledger", "grants", "audit_log", "audit_details", "api_keys", "api_key_secrets",
    "quarantine", "sessions", "members", "balances", "inbox_batches", "batch_outcomes", "settlements",
}  # fmt: skip

SCREENS = [
    "/v1/me",
    "/v1/workspace",
    "/v1/keys?limit=50",
    "/v1/usage/summary?group_by=day&split_by=model&tz=Europe/Berlin",
    "/v1/usage/summary?group_by=hour",
    "/v1/usage/summary?group_by=key",
    "/v1/usage/summary?group_by=user&model=opus",
    "/v1/usage/summary?group_by=project&split_by=month",
    "/v1/usage/events?limit=50",
    "/v1/usage/events?limit=50&status=error&model=opus",
    "/v1/credits/balance",
    "/v1/credits/grants",
    "/v1/credits/ledger",
    "/v1/admin/users",
    "/v1/admin/workspaces?limit=5",
    "/v1/admin/workspaces/{workspace}/grants",
    "/v1/admin/workspaces/{workspace}/ledger",
    "/v1/admin/gateways",
    "/v1/admin/quarantine",
    "/v1/admin/audit-log",
    "/v1/admin/audit-log?action=keys.issue",
    "/v1/admin/audit-log?actor_id={user}",
]


def fill(world: World, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows; columns that are not given are zero or empty."""
    empty: dict[str, Any] = {}
    for column in table.columns:
        if column.autoincrement is True or column.nullable:
            continue
        kind = column.type.python_type
        empty[column.name] = b"" if kind is bytes else "" if kind is str else 0
    with world.scope() as scope:
        for start in range(0, len(rows), 500):
            scope.session.execute(insert(table), [{**empty, **row} for row in rows[start : start + 500]])


def crowd(world: World) -> None:
    """Fill the tables as a busy installation would."""
    ann = world.person("Ann", admin=True)
    for number in range(WORKSPACES - 1):
        world.person(f"Person {number}")
    ids = [row["id"] for row in world.rows("workspaces")]
    now, slot = world.clock.now, world.clock.now // 900_000
    each = [(workspace, number) for workspace in ids for number in range(EACH)]
    fill(world, ModelName.__table__, [{"id": 1, "name": b"opus"}])
    fill(
        world,
        Rollup.__table__,
        [{"workspace_id": w, "slot": slot - n * 20, "model_id": 1, "user_id": ann.account.id} for w, n in each],
    )
    fill(
        world,
        UsageEvent.__table__,
        [
            {
                "gateway_id": 1,
                "event_id": b"%d-%d" % (w, n),
                "workspace_id": w,
                "event_at": now - n * 60_000,
                "model_id": 1,
            }
            for w, n in each
        ],
    )
    fill(
        world,
        LedgerEntry.__table__,
        [
            {"workspace_id": w, "seq": n + 1, "kind": 2, "ref_kind": 2, "ref_id": n + 1, "grant_id": n + 1}
            for w, n in each
        ],
    )
    fill(
        world,
        Grant.__table__,
        [
            {"public_id": new_id(), "workspace_id": w, "origin": 5, "state": 3 if n else 1, "amount_nano": 1}
            for w, n in each[::4]
        ],
    )
    fill(
        world,
        ApiKey.__table__,
        [
            {"id": i + 1, "public_id": new_id(), "workspace_id": w, "user_id": ann.account.id, "name": "k"}
            for i, (w, _) in enumerate(each[::4])
        ],
    )
    fill(
        world,
        ApiKeySecret.__table__,
        [{"digest": new_id() * 2, "key_id": i + 1} for i in range(len(each[::4]))],
    )
    fill(
        world,
        QuarantinedEvent.__table__,
        [{"public_id": new_id(), "fingerprint": new_id(), "state": n % 3} for n in range(1_000)],
    )
    for number in range(300):
        with world.scope() as scope:
            scope.audit.record(f"test.{number % 9}", ("thing", str(number)))
    with world.runtime.database.engine.connect() as connection:
        names = ",".join(sorted(GROWING))
        connection.execute(text("ANALYZE" if world.is_sqlite else f"ANALYZE TABLE {names}"))
        connection.commit()


@pytest.fixture
def crowded(world: World) -> World:
    crowd(world)
    return world


def whole_reads(world: World, statement: str, parameters: Any) -> list[str]:
    """Return the growing tables that a statement reads whole."""
    prefix = "EXPLAIN QUERY PLAN " if world.is_sqlite else "EXPLAIN "
    with world.runtime.database.engine.connect() as connection:
        plan = connection.exec_driver_sql(prefix + statement, parameters).mappings().all()
    if world.is_sqlite:
        # A page read backwards along the primary key is a scan that stops at its LIMIT.
        paged = "LIMIT" in statement and not any("TEMP B-TREE FOR ORDER" in row["detail"] for row in plan)
        found = [match for row in plan if (match := re.match(r"SCAN (\w+)", row["detail"]))]
        return [] if paged else [match[1] for match in found if match[1] in GROWING]
    bad = []
    for row in plan:
        scan = row["type"] == "ALL" or (row["type"] == "index" and "LIMIT" not in statement)
        if row["table"] in GROWING and (scan or ("filesort" in (row["Extra"] or "") and int(row["rows"] or 0) > 1_000)):
            bad.append(row["table"])
    return bad


def test_no_screen_reads_a_growing_table_whole(crowded: World) -> None:
    seen: list[tuple[str, Any]] = []

    def remember(*call: Any) -> None:
        if call[2].lstrip().upper().startswith("SELECT"):
            seen.append((call[2], call[3]))

    with crowded.read() as scope:
        ann = scope.accounts.find_by_email("ann@example.com")
        assert ann is not None
        workspace = scope.workspaces.open_personal(ann.id)
    me = Person(ann, workspace)
    client = crowded.client(me)
    event.listen(crowded.runtime.database.engine, "before_cursor_execute", remember)
    wrong, statements = {}, 0
    for screen in SCREENS:
        seen.clear()
        address = screen.format(workspace=me.workspace_id, user=me.id)
        crowded.clock.move(seconds=3)
        answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.text}"
        for statement, parameters in seen:
            statements += 1
            if tables := whole_reads(crowded, statement, parameters):
                wrong[f"{screen}: {statement}"] = tables
    assert not wrong
    assert statements > 2 * len(SCREENS)


def test_sums_read_only_their_own_slots(crowded: World) -> None:
    """The condition on workspace and slot is the beginning of the primary key, whatever is grouped by."""
    start, end = crowded.clock.now // 900_000 - 96, crowded.clock.now // 900_000
    statement = (
        f"SELECT model_id, SUM(credits_nano) FROM rollups WHERE workspace_id = 1 AND slot >= {start} AND slot < {end}"
        " GROUP BY model_id"
    )
    prefix = "EXPLAIN QUERY PLAN " if crowded.is_sqlite else "EXPLAIN "
    with crowded.runtime.database.engine.connect() as connection:
        plan = connection.exec_driver_sql(prefix + statement).mappings().all()
    if crowded.is_sqlite:
        assert re.search(r"SEARCH rollups .*workspace_id=\? AND slot>\? AND slot<\?", plan[0]["detail"])
    else:
        assert (plan[0]["type"], plan[0]["key"]) == ("range", "PRIMARY")
        assert int(plan[0]["rows"]) < 4 * DAY // 900_000
