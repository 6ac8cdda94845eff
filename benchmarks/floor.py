"""The floor: what the same rows cost with the same driver, without HTTP, without the queue, without looking.

A bare loop decodes posts, digests the keys, hashes the payloads, prices, sums up, chains the ledger, and writes
events, rollups, ledger, balances, grants, outcomes and the settlement in one transaction with literal multi-row
statements. It reads nothing back: no duplicates, no keys, no grants, no locks before writing.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
import pymysql
from sqlalchemy import make_url

from benchmarks.installation import Installation
from benchmarks.traffic import MODELS, Traffic
from ccmanage.credits import rules

_ROWS = 2_000
_SLOT_MS = 900_000
_RATES = (3_000_000_000, 15_000_000_000, 300_000_000, 3_750_000_000, 6_000_000_000)  # nano-credits a million tokens
_MILLION = 1_000_000
_EVENT = "(" + "%d,x'%s',x'%s'," + "%d," * 21 + "x'%s',x'','')"
_ROLLUP = "(" + "%d," * 15 + "0)"
_SUMS = (
    "events,errors,input_tokens,output_tokens,cache_read_tokens,cache_write_5m_tokens,cache_write_1h_tokens,"
    "web_searches,credits_nano"
)
_ADD_SUMS = ",".join(f"{name}={name}+VALUES({name})" for name in _SUMS.split(","))


class _Cache(msgspec.Struct):
    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class _Usage(msgspec.Struct):
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation: _Cache


class _Event(msgspec.Struct):
    id: str
    time: datetime
    api_key: str
    model: str
    usage: _Usage
    session_id: str


_decode = msgspec.json.Decoder(list[_Event]).decode
_pack = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class _Account:
    """What the loop remembers of a workspace, so that it need not read."""

    balance: int
    seq: int
    last_hash: bytes
    grant_id: int
    public_id: bytes


class Floor:
    """The bare script on an installation's tables; nothing else may run on them."""

    def __init__(self, installation: Installation, *, uniform: bool) -> None:
        url = make_url(installation.environment["CCMANAGE_DATABASE_URL"])
        self._connection = pymysql.connect(
            host=url.host or "127.0.0.1",
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            database=url.database,
            charset="utf8mb4",
        )
        population = installation.population
        self._pepper = installation.runtime.settings.key_pepper.encode()
        self._user_id = population.user_id
        self._workspaces = {
            self._digest(key): number for number, key in enumerate(population.keys, population.first_id)
        }
        self._models = {name: number for number, name in enumerate(MODELS, 1)}
        self._accounts = self._read_accounts()
        self._bodies = Traffic(population.keys, 100, uniform=uniform, seed=2).bodies()
        self._batch = self._settlement = 1 << 40  # beside whatever the product numbered

    def run(self, seconds: float, size: int) -> float:
        """Write settlements of `size` events for so long; returns events a second."""
        posts = max(size // 100, 1)
        events, spent = 0, 0.0
        while spent < seconds:
            bodies = list(islice(self._bodies, posts))
            began = time.perf_counter()
            events += self.settle(bodies)
            spent += time.perf_counter() - began
        return events / spent

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def settle(self, bodies: Sequence[bytes]) -> int:
        """Decode posts and write all that belongs to them in one transaction; returns how many events."""
        self._settlement += 1
        now = int(time.time() * 1000)
        rows: list[tuple[Any, ...]] = []
        rollups: dict[tuple[int, ...], list[int]] = {}
        charges: dict[int, int] = {}
        outcomes = []
        for body in bodies:
            before = len(rows)
            credits = sum(self._add(event, now, rows, rollups, charges) for event in _decode(body))
            self._batch += 1
            count = len(rows) - before
            outcomes.append((self._batch, self._settlement, now, count, credits, (b"\x01" * count).hex()))
        self._write(now, rows, rollups, charges, outcomes)
        return len(rows)

    def _add(
        self,
        event: _Event,
        now: int,
        rows: list[tuple[Any, ...]],
        rollups: dict[tuple[int, ...], list[int]],
        charges: dict[int, int],
    ) -> int:
        usage, cache = event.usage, event.usage.cache_creation
        at = int(event.time.timestamp() * 1000)
        digest = self._digest(event.api_key)
        counts = (
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_input_tokens,
            cache.ephemeral_5m_input_tokens,
            cache.ephemeral_1h_input_tokens,
        )
        packed = _pack((event.id, digest, at, event.model, counts))
        payload_hash = hashlib.blake2b(packed, digest_size=16).hexdigest()
        cost = sum([count * rate for count, rate in zip(counts, _RATES, strict=True)]) // _MILLION
        workspace, model = self._workspaces[digest], self._models[event.model]
        name, session = event.id.encode().hex(), event.session_id.encode().hex()
        numbers = (workspace, workspace, self._user_id, model, 0, at, now, *counts, 0, 0, 0, 0, 0, 0, 1, cost)
        rows.append((1, name, payload_hash, *numbers, self._settlement, session))
        key = (workspace, at // _SLOT_MS, workspace, self._user_id, model, 0)
        sums = rollups.setdefault(key, [0] * 9)
        sums[0] += 1
        for place, count in enumerate(counts, 2):
            sums[place] += count
        sums[8] += cost
        charges[workspace] = charges.get(workspace, 0) + cost
        return cost

    def _write(
        self,
        now: int,
        rows: list[tuple[Any, ...]],
        rollups: dict[tuple[int, ...], list[int]],
        charges: dict[int, int],
        outcomes: list[tuple[Any, ...]],
    ) -> None:
        ledger, balances, grants = self._movements(charges, now)
        whole: dict[tuple[int, int], list[int]] = {}
        for key, sums in rollups.items():
            held = whole.setdefault((key[1], key[4]), [0] * 9)
            whole[key[1], key[4]] = [a + b for a, b in zip(held, sums, strict=True)]
        settlement = (self._settlement, now, len(outcomes), len(rows), sum(charges.values()))
        self._insert("settlements (id,kind,at,batches,events,credits_nano)", "(%d,0,%d,%d,%d,%d)", [settlement])
        self._insert(_EVENTS, _EVENT, rows)
        self._insert(_ROLLUPS, _ROLLUP, ((*key, *sums) for key, sums in sorted(rollups.items())), _ADD_SUMS)
        self._insert(
            f"installation_rollups (slot,model_id,{_SUMS})",
            "(" + ",".join(["%d"] * 11) + ")",
            ((*key, *sums) for key, sums in sorted(whole.items())),
            _ADD_SUMS,
        )
        self._insert(_OUTCOMES, "(%d,%d,%d,%d,0,0,0,0,%d,x'%s','')", outcomes)
        self._insert(_LEDGER, "(" + "%d," * 9 + "x'%s',x'%s')", ledger)
        self._insert(_BALANCES, "(%d,%d,0,%d,%d,x'%s',%d)", balances, _CHANGE_BALANCE)
        self._insert(
            _GRANTS, "(%d,x'%s',%d,5,1,50,0,%d,0,0,0)", grants, "remaining_nano=remaining_nano+VALUES(remaining_nano)"
        )
        self._connection.commit()

    def _movements(self, charges: dict[int, int], now: int) -> tuple[list[Any], list[Any], list[Any]]:
        ledger, balances, grants = [], [], []
        for workspace, cost in sorted(charges.items()):
            account = self._accounts[workspace]
            account.seq += 1
            account.balance -= cost
            movement = rules.Movement(rules.USAGE, -cost, account.grant_id, rules.BY_SETTLEMENT, self._settlement)
            before = account.last_hash
            digest = rules.entry_hash(before, workspace, account.seq, movement, account.balance, now)
            account.last_hash = digest
            ledger.append((workspace, account.seq, *movement, account.balance, now, before.hex(), digest.hex()))
            balances.append((workspace, -cost, cost, account.seq, digest.hex(), now))
            grants.append((account.grant_id, account.public_id.hex(), workspace, -cost))
        return ledger, balances, grants

    def _insert(self, into: str, form: str, rows: Iterable[tuple[Any, ...]], update: str = "") -> None:
        tail = f" ON DUPLICATE KEY UPDATE {update}" if update else ""
        with self._connection.cursor() as cursor:
            for part in _parts(rows):
                cursor.execute(f"INSERT INTO {into} VALUES {','.join([form % row for row in part])}{tail}")

    def _digest(self, key: str) -> bytes:
        return hmac.digest(self._pepper, key.encode(), "sha256")

    def _read_accounts(self) -> dict[int, _Account]:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT b.workspace_id, b.balance_nano, b.seq, b.last_hash, MAX(g.id) FROM balances b"
                " JOIN grants g ON g.workspace_id = b.workspace_id GROUP BY b.workspace_id"
            )
            found = {row[0]: _Account(row[1], row[2], row[3], row[4], b"") for row in cursor.fetchall()}
            cursor.execute("SELECT workspace_id, id, public_id FROM grants")
            for workspace, number, public_id in cursor.fetchall():
                if found[workspace].grant_id == number:
                    found[workspace].public_id = public_id
        self._connection.commit()
        return found


_EVENTS = (
    "events (gateway_id,event_id,payload_hash,workspace_id,key_id,user_id,model_id,project_id,event_at,received_at,"
    "input_tokens,output_tokens,cache_read_tokens,cache_write_5m_tokens,cache_write_1h_tokens,web_searches,"
    "service_tier,speed,geography,is_error,flags,price_id,credits_nano,settlement_id,session_label,hold_id,extra)"
)
_ROLLUPS = f"rollups (workspace_id,slot,key_id,user_id,model_id,project_id,{_SUMS},sealed)"
_OUTCOMES = (
    "batch_outcomes (batch_id,settlement_id,settled_at,inserted,duplicates,conflicts,quarantined,unpriced,"
    "credits_nano,outcomes,codes)"
)
_LEDGER = "ledger (workspace_id,seq,kind,amount_nano,grant_id,ref_kind,ref_id,balance_after_nano,at,prev_hash,hash)"
_BALANCES = "balances (workspace_id,balance_nano,debt_nano,spent_nano,seq,last_hash,updated_at)"
_CHANGE_BALANCE = (
    "balance_nano=balance_nano+VALUES(balance_nano),spent_nano=spent_nano+VALUES(spent_nano),"
    "seq=VALUES(seq),last_hash=VALUES(last_hash),updated_at=VALUES(updated_at)"
)
_GRANTS = (
    "grants (id,public_id,workspace_id,origin,state,priority,amount_nano,remaining_nano,effective_at,expires_at,"
    "created_at)"
)


def _parts(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    rest = iter(rows)
    while part := list(islice(rest, _ROWS)):
        yield part
