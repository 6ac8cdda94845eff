"""The working set of one transaction that moves credits: lock, move, write.

Whoever moves credits does it here, an admin's single grant like a settlement of thousands of workspaces:
balances are locked in ascending order before anything else, so that reading `seq`, `last_hash` and grants
afterwards is safe, and everything is written in a few statements at the end.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ccmanage.core.ids import new_id
from ccmanage.core.money import MAX_BALANCE_NANO
from ccmanage.core.sql import IN_LIST, BulkInsert, chunks, ints, select_in
from ccmanage.credits import rules
from ccmanage.credits.errors import BalanceOutOfRange, NoSuchAccount
from ccmanage.credits.models import Grant as GrantRow
from ccmanage.credits.models import Origin
from ccmanage.credits.rules import Cause, Grant, Movement
from ccmanage.notifications.rules import NOBODY
from ccmanage.notifications.weighing import Weighed, set_thresholds, weigh_balances

_LEDGER = BulkInsert(
    "ledger",
    (
        "workspace_id",
        "seq",
        "kind",
        "amount_nano",
        "grant_id",
        "ref_kind",
        "ref_id",
        "balance_after_nano",
        "at",
        "prev_hash",
        "hash",
    ),
    "iiiiiiiiibb",
)
_BALANCES = BulkInsert(
    "balances",
    ("workspace_id", "balance_nano", "debt_nano", "spent_nano", "seq", "last_hash", "updated_at"),
    "iiiiibi",
    key=("workspace_id",),
    add=("balance_nano", "debt_nano", "spent_nano"),
    put=("seq", "last_hash", "updated_at"),
)
_GRANTS = BulkInsert(
    "grants",
    (
        "id",
        "public_id",
        "workspace_id",
        "origin",
        "priority",
        "amount_nano",
        "effective_at",
        "expires_at",
        "created_at",
        "state",
        "remaining_nano",
    ),
    "ibiiiiiiiii",
    key=("id",),
    add=("remaining_nano",),
    put=("state",),
)
_GIVEN = BulkInsert(
    "grants",
    (*_GRANTS.columns[1:], "renewal_id"),
    "biiiiiiiiii",
)
_COLUMNS = (*_GRANTS.columns, "renewal_id")
_READ_GRANTS = (
    f"SELECT {','.join(_COLUMNS)} FROM grants"
    f" WHERE workspace_id IN ({{}}) AND state IN ({rules.SCHEDULED},{rules.ACTIVE})"
)
# Numbers of grants that are only tried out: above all real ones, so that they burn last among equals.
_PROVISIONAL = 1 << 61


class Given(NamedTuple):
    """A grant to be written by a renewal; with a `renewal_id` that period's end ends it, not the clock."""

    workspace_id: int
    amount: int
    effective_at: int
    expires_at: int
    renewal_id: int = 0
    origin: int = Origin.SUBSCRIPTION


class Entry(NamedTuple):
    """A movement as the ledger will hold it."""

    movement: Movement
    balance_after: int


def _grant_of(row: Sequence[Any]) -> Grant:
    """Make the working copy of a row of `_COLUMNS`."""
    return Grant(row[0], row[4], row[5], row[10], row[9], row[6], row[7], row[3], row[11])


@dataclass(slots=True)
class Account:
    """One workspace's books: as they stood when locked, and as they stand now."""

    workspace_id: int
    balance: int
    debt: int
    seq: int
    last_hash: bytes
    overdraft: int = 0
    spent: int = 0
    grants: list[Grant] = field(default_factory=list)
    balance_before: int = 0
    debt_before: int = 0
    seq_before: int = 0
    overdraft_before: int = 0
    threshold: int = NOBODY
    # The grant that percents are of, if it has changed.
    base: int | None = None
    weigh_anew: bool = False

    @property
    def concerns_thresholds(self) -> bool:
        """Tell whether somebody may want to be told of the move, or be told anew from now on."""
        if self.threshold == NOBODY:
            return self.weigh_anew
        rose = self.balance > self.balance_before or self.base is not None
        return rose or self.balance <= self.threshold or self.weigh_anew

    def grants_of(self, renewal_id: int) -> list[Grant]:
        """Return the grants that a period's end ends."""
        return [grant for grant in self.grants if grant.renewal_id == renewal_id and grant.state == rules.ACTIVE]


class Books:
    """Accounts opened under their locks, and the entries to be written.

    `dry` books try out what would happen: they number grants provisionally and write nothing.
    """

    def __init__(self, connection: Connection, now: int, *, dry: bool = False) -> None:
        self._connection = connection
        self._now = now
        self._dry = dry
        self._accounts: dict[int, Account] = {}
        self._entries: list[tuple[int | bytes, ...]] = []
        # The rows of living grants as read: what an upsert must repeat, and the remaining and state to compare.
        self._rows: dict[int, tuple[Grant, Sequence[int | bytes]]] = {}
        self._tried = 0

    def open(
        self, workspace_ids: Collection[int], *, skip_locked: bool = False, pass_time: bool = True
    ) -> Collection[int]:
        """Lock the balances of these workspaces and read their living grants; returns those that were opened.

        With `skip_locked` workspaces that somebody else has open are left out. Time passes for the grants, unless
        the caller lets it pass itself, step by step.
        """
        wanted = sorted(set(workspace_ids) - self._accounts.keys())
        opened: list[int] = []
        lock = " FOR UPDATE SKIP LOCKED" if skip_locked else " FOR UPDATE"
        if self._connection.dialect.name == "sqlite":
            lock = ""
        for part in chunks(wanted, IN_LIST):
            found = self._lock(part, lock)
            opened += found
            if found:
                for row in self._connection.exec_driver_sql(_READ_GRANTS.format(ints(found))):
                    self._take_in(_grant_of(row), row)
        if not skip_locked:
            opened = wanted
        if pass_time:
            for workspace_id in opened:
                self.pass_time(workspace_id, self._now)
        return opened

    def pass_time(self, workspace_id: int, until: int) -> None:
        """Start the grants that are due by an instant and end those that are over."""
        account = self.account(workspace_id)
        movements, account.debt = rules.turn(account.grants, account.debt, until)
        self._post(account, movements)

    def account(self, workspace_id: int) -> Account:
        """Return an opened account; raises NoSuchAccount."""
        try:
            return self._accounts[workspace_id]
        except KeyError:
            raise NoSuchAccount(workspace_id) from None

    def can_charge(self, workspace_id: int, cost: int) -> bool:
        """Tell whether a cost keeps the balance within the bounds that numbers have (not: whether it is covered)."""
        return self.account(workspace_id).balance - cost >= -MAX_BALANCE_NANO

    def charge(self, workspace_id: int, cost: int, settlement_id: int) -> None:
        """Burn grants for a cost; what they do not cover becomes debt. Raises BalanceOutOfRange."""
        account = self.account(workspace_id)
        if account.balance - cost < -MAX_BALANCE_NANO:
            raise BalanceOutOfRange(workspace_id)
        movements, debt = rules.burn(account.grants, cost, settlement_id)
        account.debt += debt
        account.spent += cost
        self._post(account, movements)

    def enter(self, row: GrantRow) -> None:
        """Take in a scheduled grant that was just inserted, and start it if it is due. Raises BalanceOutOfRange."""
        account = self.account(row.workspace_id)
        if account.balance + row.amount_nano > MAX_BALANCE_NANO:
            raise BalanceOutOfRange(row.workspace_id)
        values = tuple(getattr(row, name) for name in _COLUMNS)
        self._take_in(_grant_of(values), values)
        self.pass_time(row.workspace_id, self._now)

    def void(self, workspace_id: int, grant_id: int) -> None:
        """Take away what remains of a living grant."""
        self._end(workspace_id, grant_id, rules.VOID, rules.VOIDED)

    def expire(self, workspace_id: int, grant_id: int) -> None:
        """End a living grant as if its time were over."""
        self._end(workspace_id, grant_id, rules.EXPIRY, rules.EXPIRED)

    def take_back(self, workspace_id: int, amount: int, grant_id: int, cause: Cause) -> None:
        """Take back what an entry gave to a grant. Raises BalanceOutOfRange."""
        account = self.account(workspace_id)
        if account.balance - amount < -MAX_BALANCE_NANO:
            raise BalanceOutOfRange(workspace_id)
        movements, debt = rules.take_back(account.grants, amount, grant_id, cause)
        account.debt += debt
        self._post(account, movements)

    def give(self, wanted: Sequence[Given]) -> list[Grant]:
        """Insert grants of a subscription, all in one statement, and take them in; they start when told."""
        rows = [self._row_of(given) for given in wanted]
        numbers = self._insert(rows)
        grants = []
        for number, row in zip(numbers, rows, strict=True):
            values = (number, *row)
            grants.append(_grant_of(values))
            self._take_in(grants[-1], values)
        return grants

    def start(self, workspace_id: int, grant: Grant, kind: int, cause: Cause) -> None:
        """Let a given grant take effect. Raises BalanceOutOfRange."""
        account = self.account(workspace_id)
        if account.balance + grant.amount > MAX_BALANCE_NANO:
            raise BalanceOutOfRange(workspace_id)
        movements, account.debt = rules.start(grant, account.debt, kind, cause)
        self._post(account, movements)

    def close(self, workspace_id: int, grant: Grant, kept: int, cause: Cause) -> None:
        """End the grant of a period; `kept` goes over into another grant."""
        self._post(self.account(workspace_id), rules.close(grant, kept, cause))

    def forgive(self, workspace_id: int, limit: int, cause: Cause) -> None:
        """Let go of debt, at most `limit` of it."""
        account = self.account(workspace_id)
        movements, account.debt = rules.forgive(account.debt, limit, cause)
        self._post(account, movements)

    def weigh_anew(self, workspace_id: int, base: int) -> None:
        """Have thresholds weighed that were changed; `base` is the grant of the running period, 0 = none."""
        account = self.account(workspace_id)
        account.base, account.weigh_anew = base, True

    def entries(self, workspace_id: int) -> list[Entry]:
        """Return what will be written for a workspace, in order."""
        return [
            Entry(Movement(*values[2:7]), values[7])  # type: ignore[arg-type]
            for values in self._entries
            if values[0] == workspace_id
        ]

    def write(self) -> None:
        """Write entries, balances and grants: what moved, nothing else."""
        if self._dry:
            raise AssertionError("dry books are not written")
        _LEDGER.run(self._connection, self._entries)
        moved = [account for account in self._accounts.values() if account.seq != account.seq_before]
        _BALANCES.run(self._connection, [self._balance_row(account) for account in moved])
        changed = [
            (*row[:9], grant.state, grant.remaining - int(row[10]))
            for _number, (grant, row) in sorted(self._rows.items())
            if grant.state != row[9] or grant.remaining != row[10]
        ]
        _GRANTS.run(self._connection, changed)
        self._write_overdrafts()
        self._weigh()
        self._entries, self._accounts, self._rows = [], {}, {}

    def _end(self, workspace_id: int, grant_id: int, kind: int, state: int) -> None:
        account = self.account(workspace_id)
        for grant in account.grants:
            if grant.id == grant_id and grant.state in (rules.SCHEDULED, rules.ACTIVE):
                self._post(account, rules.end(grant, kind, state))

    def _lock(self, workspace_ids: Sequence[int], lock: str) -> list[int]:
        found = []
        for number, balance, debt, seq, last_hash, overdraft, threshold in self._connection.exec_driver_sql(
            "SELECT workspace_id, balance_nano, debt_nano, seq, last_hash, overdraft_nano, threshold_nano FROM balances"
            f" WHERE workspace_id IN ({ints(workspace_ids)}) ORDER BY workspace_id{lock}"
        ):
            account = Account(number, balance, debt, seq, bytes(last_hash), overdraft)
            account.balance_before, account.debt_before, account.seq_before = balance, debt, seq
            account.overdraft_before, account.threshold = overdraft, threshold
            self._accounts[number] = account
            found.append(number)
        return found

    def _take_in(self, grant: Grant, row: Sequence[Any]) -> None:
        self._accounts[row[2]].grants.append(grant)
        self._rows[grant.id] = (grant, row)

    def _row_of(self, given: Given) -> tuple[int | bytes, ...]:
        """Return the row of a grant that has not started, without its number, as `_GIVEN` writes it."""
        priority = rules.DEFAULT_PRIORITIES[Origin(given.origin).name.lower()]
        return (
            new_id(),
            given.workspace_id,
            int(given.origin),
            priority,
            given.amount,
            given.effective_at,
            given.expires_at,
            self._now,
            rules.SCHEDULED,
            0,
            given.renewal_id,
        )

    def _insert(self, rows: Sequence[tuple[int | bytes, ...]]) -> list[int]:
        """Insert rows of grants and return their numbers."""
        if not rows:
            return []
        if self._dry:
            self._tried += len(rows)
            return [_PROVISIONAL + self._tried - len(rows) + place for place in range(len(rows))]
        _GIVEN.run(self._connection, rows)
        outside: list[bytes] = [row[0] for row in rows]  # type: ignore[misc]
        found = select_in(self._connection, "SELECT public_id, id FROM grants WHERE public_id IN ({})", outside)
        numbers = {bytes(public_id): int(number) for public_id, number in found}
        return [numbers[public_id] for public_id in outside]

    def _write_overdrafts(self) -> None:
        """Copy the overdraft rules that have changed onto the balances."""
        changed: dict[int, list[int]] = defaultdict(list)
        for account in self._accounts.values():
            if account.overdraft != account.overdraft_before:
                changed[account.overdraft].append(account.workspace_id)
        for overdraft, workspaces in sorted(changed.items()):
            for part in chunks(sorted(workspaces), IN_LIST):
                self._connection.exec_driver_sql(
                    f"UPDATE balances SET overdraft_nano = {overdraft:d} WHERE workspace_id IN ({ints(part)})"
                )

    def _weigh(self) -> None:
        """Claim the alerts of the thresholds that were crossed, and arm those that credits came to."""
        moved = [
            Weighed(one.workspace_id, one.balance, one.base, one.base is not None or one.balance > one.balance_before)
            for one in self._accounts.values()
            if one.concerns_thresholds
        ]
        if moved:
            wanted = weigh_balances(self._connection, moved, self._now)
            changed = {
                number: amount for number, amount in wanted.items() if amount != self._accounts[number].threshold
            }
            set_thresholds(self._connection, changed)

    def _balance_row(self, account: Account) -> tuple[int | bytes, ...]:
        return (
            account.workspace_id,
            account.balance - account.balance_before,
            account.debt - account.debt_before,
            account.spent,
            account.seq,
            account.last_hash,
            self._now,
        )

    def _post(self, account: Account, movements: Sequence[Movement]) -> None:
        workspace_id, at = account.workspace_id, self._now
        for movement in movements:
            account.seq += 1
            account.balance += movement.amount
            digest = rules.entry_hash(account.last_hash, workspace_id, account.seq, movement, account.balance, at)
            self._entries.append((workspace_id, account.seq, *movement, account.balance, at, account.last_hash, digest))
            account.last_hash = digest
