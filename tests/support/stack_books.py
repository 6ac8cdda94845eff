"""What must be true after every fault, computed anew from the rows and not with the product's own code.

The product's audit proves its invariants with its own SQL; this is the second opinion of `reliability.md` 3.1.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from struct import pack
from typing import Any

import pymysql

from ccmanage.core.clock import SystemClock
from ccmanage.usage.intake import Rules, read_json
from support.stack import Stack
from support.stack_load import Load
from support.stack_posts import Event, Post, Stream, post_of

Row = dict[str, Any]
CLASSES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
SUMS = (*(f"{name}_tokens" for name in CLASSES), "web_searches", "credits_nano")

_PARTS = "SELECT workspace_id, remaining_nano AS v FROM grants UNION ALL SELECT workspace_id, -debt_nano FROM balances"
_SNAPSHOT = (
    "SELECT workspace_id, SUM(balance_nano) FROM balances GROUP BY workspace_id",
    "SELECT workspace_id, SUM(amount_nano) FROM ledger GROUP BY workspace_id",
    f"SELECT workspace_id, SUM(v) FROM ({_PARTS}) AS parts GROUP BY workspace_id",
)


def check_books(stack: Stack, above: int = 0) -> None:
    """C1, C2, C4, C5 and the chain, for workspaces with a higher number; raises AssertionError with what differs."""
    events = stack.rows(f"SELECT * FROM events WHERE workspace_id > {above}")
    ledger = stack.rows(f"SELECT * FROM ledger WHERE workspace_id > {above} ORDER BY workspace_id, seq")
    _check_balances(stack, ledger, above)
    _check_chain(ledger)
    _check_charges(events, ledger)
    _check_rollups(stack, events, above)
    _check_batches(stack)
    check_prices(stack, events)


def check_snapshot(cursor: pymysql.cursors.Cursor) -> None:
    """In one snapshot of all workspaces: balances, ledger and grants less debt are the same (the bank of Jepsen)."""
    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    sums = []
    for query in _SNAPSHOT:
        cursor.execute(query)
        sums.append({number: int(value) for number, value in cursor.fetchall() if value})
    cursor.execute("COMMIT")
    assert sums[0] == sums[1] == sums[2]


def _check_balances(stack: Stack, ledger: list[Row], above: int) -> None:
    sums: Counter[int] = Counter()
    by_grant: Counter[int] = Counter()
    without: Counter[int] = Counter()
    for entry in ledger:
        sums[entry["workspace_id"]] += entry["amount_nano"]
        if entry["grant_id"]:
            by_grant[entry["grant_id"]] += entry["amount_nano"]
        else:
            without[entry["workspace_id"]] += entry["amount_nano"]
    for balance in stack.rows(f"SELECT * FROM balances WHERE workspace_id > {above}"):
        number = balance["workspace_id"]
        assert balance["balance_nano"] == sums[number], f"workspace {number}: the balance is not its ledger"
        assert balance["debt_nano"] == -without[number], f"workspace {number}: the debt is not its ledger"
    for grant in stack.rows(f"SELECT * FROM grants WHERE workspace_id > {above}"):
        assert grant["remaining_nano"] == by_grant[grant["id"]], f"grant {grant['id']}: remaining is not its ledger"
        assert 0 <= grant["remaining_nano"] <= grant["amount_nano"]


def _check_chain(ledger: list[Row]) -> None:
    """Each entry follows the one before it: number, running sum, hash."""
    at: dict[int, tuple[int, int, bytes]] = {}
    for entry in ledger:
        number = entry["workspace_id"]
        seq, balance, digest = at.get(number, (0, 0, bytes(32)))
        balance += entry["amount_nano"]
        place = f"workspace {number}, entry {entry['seq']}"
        assert entry["seq"] == seq + 1, f"{place}: a gap"
        assert entry["balance_after_nano"] == balance, f"{place}: the running sum"
        assert bytes(entry["prev_hash"]) == digest, f"{place}: the chain is broken"
        fields = (number, entry["seq"], entry["kind"], entry["amount_nano"], entry["grant_id"])
        tail = (entry["ref_kind"], entry["ref_id"], balance, entry["at"])
        digest = hashlib.sha256(digest + pack(">qqBqqBqqq", *fields, *tail)).digest()
        assert bytes(entry["hash"]) == digest, f"{place}: the hash"
        at[number] = (entry["seq"], balance, digest)


def _check_charges(events: list[Row], ledger: list[Row]) -> None:
    charged: Counter[tuple[int, int]] = Counter()
    for event in events:
        assert bool(event["settlement_id"]) == bool(event["price_id"]), f"event {event['id']}: charged by halves"
        charged[event["settlement_id"], event["workspace_id"]] += event["credits_nano"]
    booked: Counter[tuple[int, int]] = Counter()
    for entry in ledger:
        if entry["kind"] == 2:
            booked[entry["ref_id"], entry["workspace_id"]] -= entry["amount_nano"]
    assert +charged == +booked, f"events and ledger differ: {charged - booked} / {booked - charged}"
    names = Counter((event["gateway_id"], bytes(event["event_id"])) for event in events)
    assert not names or max(names.values()) == 1


def _check_rollups(stack: Stack, events: list[Row], above: int) -> None:
    def key_of(row: Row, slot: int) -> tuple[int, ...]:
        return (row["workspace_id"], slot, row["key_id"], row["user_id"], row["model_id"], row["project_id"])

    wanted: dict[tuple[int, ...], list[int]] = defaultdict(lambda: [0] * (2 + len(SUMS)))
    for event in events:
        sums = wanted[key_of(event, event["event_at"] // 900_000)]
        for place, value in enumerate((1, event["is_error"], *(event[name] for name in SUMS))):
            sums[place] += value
    found = {
        key_of(row, row["slot"]): [row["events"], row["errors"], *(row[name] for name in SUMS)]
        for row in stack.rows(f"SELECT * FROM rollups WHERE workspace_id > {above}")
    }
    assert found == dict(wanted), "the rollups are not the sums of the events"
    sums = "SELECT COALESCE(SUM({}), 0) AS n, COALESCE(SUM(credits_nano), 0) AS c FROM {}"
    whole = stack.rows(sums.format("events", "installation_rollups"))
    assert whole == stack.rows(sums.format("1", "events")), "the installation's rollups"


def _check_batches(stack: Stack) -> None:
    """I1: what a settled batch received is accounted for, item by item."""
    query = (
        "SELECT b.id, b.received, b.state, o.inserted + o.duplicates + o.conflicts + o.quarantined AS known,"
        " LENGTH(o.outcomes) AS outcomes FROM inbox_batches b LEFT JOIN batch_outcomes o ON o.batch_id = b.id"
    )
    for batch in stack.rows(query):
        assert (batch["known"] is not None) == bool(batch["state"]), f"batch {batch['id']}: settled by halves"
        if batch["state"]:
            assert batch["received"] == batch["known"] == batch["outcomes"], f"batch {batch['id']}: items are missing"


# C5: prices


@dataclass(frozen=True)
class Terms:
    """A price as its rows say."""

    row: Row
    rates: Sequence[Row]

    def fits(self, model: str, at: int) -> bool:
        """Tell whether it may price a call of that model at that time."""
        wild = {"*": ".*", "?": ".", "#": "[0-9]"}
        pattern = "".join(wild.get(char) or re.escape(char) for char in self.row["pattern"])
        return self.row["effective_from"] <= at and re.fullmatch(pattern, model) is not None

    def rank(self) -> tuple[Any, ...]:
        """Order prices that fit: manual first, exact first, longest literal beginning, latest, newest."""
        pattern = self.row["pattern"]
        literal = re.split(r"[*?#]", pattern)[0]
        newness = (self.row["effective_from"], self.row["version"])
        return (-self.row["origin"], literal == pattern, len(literal), *newness)

    def cost(self, event: Row) -> int:
        """Return what an event of the standard kind costs, by fractions and one rounding."""
        into = event["input_tokens"] + event["cache_read_tokens"]
        into += event["cache_write_5m_tokens"] + event["cache_write_1h_tokens"]
        lines = [line for line in self.rates if line["variant"] == 0 and line["above_input_tokens"] < max(into, 1)]
        line = max(lines, key=lambda found: found["above_input_tokens"])
        total = sum(Fraction(event[f"{name}_tokens"] * line[f"{name}_nano"], 10**6) for name in CLASSES)
        total += Fraction(event["web_searches"] * self.row["web_search_nano"], 1000)
        return round(total * Fraction(self.row["multiplier_numerator"], self.row["multiplier_denominator"]))


def check_prices(stack: Stack, events: Iterable[Row], known_at: dict[int, int] | None = None) -> None:
    """Price every charged event anew. `known_at` tells from when on a price was certainly in force.

    The price must fit the event's time, and none that was certainly known when the event was settled may be better.
    """
    rates: dict[int, list[Row]] = defaultdict(list)
    for line in stack.rows("SELECT * FROM price_rates"):
        rates[line["price_id"]].append(line)
    prices = {row["id"]: Terms(row, rates[row["id"]]) for row in stack.rows("SELECT * FROM prices")}
    names = {row["id"]: bytes(row["name"]).decode() for row in stack.rows("SELECT * FROM model_names")}
    settled_at = {row["id"]: row["at"] for row in stack.rows("SELECT id, at FROM settlements")}
    for event in events:
        if not event["price_id"]:
            continue
        model, at = names[event["model_id"]], event["event_at"]
        price = prices[event["price_id"]]
        assert price.fits(model, at), f"event {event['id']}: priced by a price that does not fit"
        assert event["credits_nano"] == price.cost(event), f"event {event['id']}: {event}"
        if known_at is None:
            continue
        certain = [
            other
            for number, other in prices.items()
            if other.fits(model, at) and known_at.get(number, 0) < settled_at[event["settlement_id"]]
        ]
        best = max(certain, key=Terms.rank)
        assert price.rank() >= best.rank(), f"event {event['id']}: price {best.row['id']} was known and better"


# C3: what was acknowledged


def payload_hash(stack: Stack, post: Post) -> dict[str, bytes]:
    """Return the payload hash of each event of a post, as the intake makes it."""
    rules = Rules(SystemClock().now_ms(), 400, stack.runtime.digester.digest)
    read = read_json(post_of(*post.events).body, rules)
    assert not read.rejections
    return {event["id"]: packed.hash for event, packed in zip(post.events, read.records, strict=True)}


def check_originals(stack: Stack, gateway_id: int, originals: dict[str, Event]) -> None:
    """Each id is stored exactly once, with the payload that was posted first."""
    stored = {
        bytes(row["event_id"]).decode(): bytes(row["payload_hash"])
        for row in stack.rows(f"SELECT event_id, payload_hash FROM events WHERE gateway_id = {gateway_id}")
    }
    wanted: dict[str, bytes] = {}
    events = list(originals.values())
    for place in range(0, len(events), 1_000):
        wanted |= payload_hash(stack, post_of(*events[place : place + 1_000]))
    lost = wanted.keys() - stored.keys()
    assert not lost, f"acknowledged and lost: {sorted(lost)[:5]} ({len(lost)})"
    assert stored.keys() == wanted.keys(), f"never posted: {sorted(stored.keys() - wanted.keys())[:5]}"
    assert stored == wanted, "another payload was stored than the one that was posted first"


def check_whole_posts(stack: Stack, gateway_id: int, posts: Iterable[Post]) -> None:
    """Each stored batch is one whole post: nothing is stored by halves."""
    known = {"\n".join(post.ids).encode() for post in posts}
    for row in stack.rows(f"SELECT id, ids FROM inbox_batches WHERE gateway_id = {gateway_id}"):
        assert bytes(row["ids"]) in known, f"batch {row['id']} holds something that was never posted so"


def check_load(stack: Stack, load: Load) -> None:
    """After a load whose posts were all acknowledged in the end: nothing lost, nothing twice, nothing by halves."""
    assert not load.given_up, f"never acknowledged: {load.summary()}"
    originals: dict[str, Event] = {}
    for stream in load.streams:
        originals |= stream.originals
    gateway = load.tenant.gateway_id
    check_originals(stack, gateway, originals)
    check_whole_posts(stack, gateway, [sent.post for sent in load.tries])
    _check_ack_log(stack, load)
    check_conflicts(stack, gateway, load.streams)
    credits = stack.scalar(f"SELECT COALESCE(SUM(credits_nano), 0) FROM events WHERE gateway_id = {gateway}")
    assert stack.spent(load.tenant.workspaces) == int(credits)


def _check_ack_log(stack: Stack, load: Load) -> None:
    """Every batch id that was ever answered is a batch that is settled."""
    with stack.runtime.read() as scope:
        for sent in load.acknowledged:
            view = scope.usage.batch(_batch_id(sent.answer.json["batch_id"]), gateway_id=load.tenant.gateway_id)
            assert view.outcome is not None
            assert [item.id for item in view.items] == sent.post.ids


def check_conflicts(stack: Stack, gateway_id: int, streams: Iterable[Stream]) -> None:
    """Each conflicting payload is kept for the admins, once, and never charged."""
    query = f"SELECT COUNT(*) FROM quarantine WHERE gateway_id = {gateway_id} AND code = 'event.conflict'"
    assert stack.scalar(query) == sum(stream.conflicts for stream in streams)


def _batch_id(text: str) -> bytes:
    from ccmanage.core.ids import BATCH, decode_id

    return decode_id(BATCH, text)
