"""Read what must be known of keys to decide whether they may spend: a few queries for many keys.

Credits and tokens of a window come from the rollups, the one place where usage is summed. All windows but minutes
begin with a slot, so that the sums are exact; for minutes the events themselves are added up.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ccmanage.accounts.models import UserState
from ccmanage.admission.rules import Measure, Meter, Snapshot
from ccmanage.admission.windows import window_at
from ccmanage.core.crypto import CannotDecrypt, KeyRing
from ccmanage.core.logging import get_logger
from ccmanage.core.sql import select_in
from ccmanage.credits.models import GrantState, HoldState
from ccmanage.keys.limits import OwnLimits, decode_own, lowered, ranges_context, read_range
from ccmanage.keys.models import KeyState
from ccmanage.packages.limits import NO_LIMITS, KeyLimits, Window, decode_limits
from ccmanage.pricing.names import normalise_model
from ccmanage.subscriptions.states import RUNNING
from ccmanage.usage.models import SLOT_MS
from ccmanage.workspaces.models import WorkspaceState

log = get_logger(__name__)

_KEY_COLUMNS = (
    "k.id, k.public_id, k.workspace_id, k.state, COALESCE(k.expires_at, 0), k.life_ms, k.first_used_at,"
    " k.disabled_at, u.state, w.public_id, w.state, l.limits, l.ranges_sealed"
)
_JOINS = (
    " JOIN users u ON u.id = k.user_id JOIN workspaces w ON w.id = k.workspace_id"
    " LEFT JOIN key_limits l ON l.key_id = k.id"
)
_BY_DIGEST = (
    f"SELECT s.digest, COALESCE(s.expires_at, 0), {_KEY_COLUMNS} FROM api_key_secrets s"
    f" JOIN api_keys k ON k.id = s.key_id{_JOINS} WHERE s.digest IN ({{}})"
)
_BY_ID = f"SELECT k.public_id, 0, {_KEY_COLUMNS} FROM api_keys k{_JOINS} WHERE k.public_id IN ({{}})"
_ACCOUNTS = (
    "SELECT b.workspace_id, b.balance_nano, b.overdraft_nano,"
    # What is over but was not swept yet cannot be spent any more.
    " (SELECT COALESCE(SUM(g.remaining_nano), 0) FROM grants g WHERE g.workspace_id = b.workspace_id"
    f" AND g.state = {GrantState.ACTIVE:d} AND g.renewal_id = 0 AND g.expires_at > 0 AND g.expires_at <= {{now}}),"
    " (SELECT COALESCE(SUM(h.amount_nano), 0) FROM holds h WHERE h.workspace_id = b.workspace_id"
    f" AND h.state = {HoldState.ACTIVE:d} AND h.expires_at > {{now}}),"
    " s.zone, s.state, s.cancels, s.period_end_at, s.ends_at, s.version_id"
    " FROM balances b LEFT JOIN subscriptions s ON s.live_workspace_id = b.workspace_id"
    " WHERE b.workspace_id IN ({{}})"
)
_VERSIONS = "SELECT id, fail_open, key_limits FROM package_versions WHERE id IN ({})"
_TOKENS = "input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens"
_MAX_VERSIONS = 1_000
UTC = "UTC"

Windows = dict[Window, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a version of a package says about keys. Published versions never change, so it is remembered."""

    limits: KeyLimits = NO_LIMITS
    fail_open: bool = False


@dataclass(frozen=True, slots=True)
class Purse:
    """What a workspace can spend, and under which plan."""

    balance: int = 0
    held: int = 0
    overdraft: int = 0
    zone: str = UTC
    resets_at: int = 0
    plan: Plan = Plan()


class SnapshotReader:
    """Reads snapshots; remembers plans."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._plans: dict[int, Plan] = {}

    def by_digest(self, connection: Connection, digests: Collection[bytes], now: int) -> dict[bytes, Snapshot]:
        """Return the keys whose secrets have these digests; unknown ones are absent."""
        return self._read(connection, _BY_DIGEST, digests, now)

    def by_id(self, connection: Connection, public_ids: Collection[bytes], now: int) -> dict[bytes, Snapshot]:
        """Return the keys with these outside ids; unknown ones are absent."""
        return self._read(connection, _BY_ID, public_ids, now)

    def _read(self, connection: Connection, text: str, wanted: Collection[bytes], now: int) -> dict[bytes, Snapshot]:
        rows = select_in(connection, text, sorted(wanted)) if wanted else []
        purses = self._purses(connection, {row[4] for row in rows}, now)
        return {bytes(row[0]): self._snapshot(connection, row, purses.get(row[4], Purse()), now) for row in rows}

    def _snapshot(self, connection: Connection, row: Any, purse: Purse, now: int) -> Snapshot:
        (_reference, secret_ends, key_id, public_id, workspace_id, state, expires_at, life_ms, first_used_at) = row[:9]
        (disabled_at, user_state, workspace_public_id, workspace_state, stored, sealed) = row[9:]
        own = self._own(key_id, stored, sealed)
        package = purse.plan.limits
        limits = lowered(own.limits, package) if own else package
        windows = _windows(limits, now, purse.zone)
        mine = own or OwnLimits()
        allowed = (mine.limits.models_allow, package.models_allow)
        return Snapshot(
            key_id=key_id,
            key_public_id=bytes(public_id),
            workspace_id=workspace_id,
            workspace_public_id=bytes(workspace_public_id),
            read_at=now,
            is_revoked=state == KeyState.REVOKED,
            expires_at=min((at for at in (secret_ends, expires_at) if at), default=0),
            is_disabled=own is None or bool(disabled_at) or user_state != UserState.ACTIVE,
            is_suspended=workspace_state != WorkspaceState.ACTIVE,
            ip_allow=tuple(map(read_range, mine.ip_allow)),
            ip_deny=tuple(map(read_range, mine.ip_deny)),
            models_allow=tuple(_normalised(patterns) for patterns in allowed if patterns),
            models_deny=_normalised((*mine.limits.models_deny, *package.models_deny)),
            requests=tuple(
                Meter(Measure.REQUESTS, window, limit, *windows[window]) for window, limit in limits.requests.items()
            ),
            meters=tuple(_meters(connection, (workspace_id, key_id), limits, windows)),
            concurrency=limits.concurrency or 0,
            balance=purse.balance,
            held=purse.held,
            overdraft=purse.overdraft,
            resets_at=purse.resets_at,
            fail_open=purse.plan.fail_open,
            life_ms=0 if first_used_at else life_ms,
        )

    def _own(self, key_id: int, stored: bytes | None, sealed: bytes | None) -> OwnLimits | None:
        """Return a key's own limits; None where they cannot be read: then it may do nothing."""
        try:
            ranges = self._ring.decrypt(bytes(sealed), ranges_context(key_id)) if sealed else ""
        except CannotDecrypt:
            log.exception("ranges_unreadable", key=key_id)
            return None
        return decode_own(bytes(stored or b""), ranges)

    def _purses(self, connection: Connection, workspace_ids: Collection[int], now: int) -> dict[int, Purse]:
        if not workspace_ids:
            return {}
        rows = select_in(connection, _ACCOUNTS.format(now=int(now)), sorted(workspace_ids))
        plans = self._plans_of(connection, {row[10] for row in rows if row[10]})
        purses = {}
        for number, balance, overdraft, over, held, zone, state, cancels, end, ends, version in rows:
            comes = version and state in RUNNING and not cancels and end not in (0, ends)
            purses[number] = Purse(
                balance=int(balance) - int(over),
                held=int(held),
                overdraft=int(overdraft),
                zone=bytes(zone).decode() if version else UTC,
                resets_at=int(end) if comes else 0,
                plan=plans.get(version, Plan()),
            )
        return purses

    def _plans_of(self, connection: Connection, version_ids: Collection[int]) -> Mapping[int, Plan]:
        missing = sorted(set(version_ids) - self._plans.keys())
        if missing:
            if len(self._plans) >= _MAX_VERSIONS:
                self._plans = {}
                missing = sorted(version_ids)
            for number, fail_open, limits in select_in(connection, _VERSIONS, missing):
                self._plans[number] = Plan(decode_limits(bytes(limits)), bool(fail_open))
        return self._plans


def _normalised(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(normalise_model, patterns))


def _windows(limits: KeyLimits, now: int, zone: str) -> Windows:
    wanted = {window for limit in (limits.requests, limits.tokens, limits.credits) for window in limit}
    return {window: window_at(window, now, _zone(zone)) for window in wanted}


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _meters(connection: Connection, key: tuple[int, int], limits: KeyLimits, windows: Windows) -> list[Meter]:
    """Return the limits of tokens and credits with what was used in their windows."""
    settled = {*limits.tokens, *limits.credits}
    if not settled:
        return []
    used = _used(connection, key, {window: windows[window][0] for window in settled})
    return [
        *(Meter(Measure.TOKENS, name, limit, *windows[name], used[name][0]) for name, limit in limits.tokens.items()),
        *(Meter(Measure.CREDITS, name, limit, *windows[name], used[name][1]) for name, limit in limits.credits.items()),
    ]


def _used(connection: Connection, key: tuple[int, int], starts: Mapping[Window, int]) -> dict[Window, tuple[int, int]]:
    """Add up tokens and credits of a key since the starts of windows: one query, two with a window of a minute."""
    workspace_id, key_id = key
    used: dict[Window, tuple[int, int]] = defaultdict(lambda: (0, 0))
    slots = {window: start // SLOT_MS for window, start in starts.items() if window is not Window.MINUTE}
    if slots:
        sums = ", ".join(
            f"COALESCE(SUM(CASE WHEN slot >= {slot:d} THEN {what} ELSE 0 END), 0)"
            for slot in slots.values()
            for what in (_TOKENS, "credits_nano")
        )
        row = connection.exec_driver_sql(
            f"SELECT {sums} FROM rollups WHERE workspace_id = {workspace_id:d}"
            f" AND slot >= {min(slots.values()):d} AND key_id = {key_id:d}"
        ).one()
        for place, window in enumerate(slots):
            used[window] = int(row[2 * place]), int(row[2 * place + 1])
    if Window.MINUTE in starts:
        tokens, credits = connection.exec_driver_sql(
            f"SELECT COALESCE(SUM({_TOKENS}), 0), COALESCE(SUM(credits_nano), 0) FROM events"
            f" WHERE workspace_id = {workspace_id:d} AND event_at >= {starts[Window.MINUTE]:d}"
            f" AND key_id = {key_id:d}"
        ).one()
        used[Window.MINUTE] = int(tokens), int(credits)
    return used
