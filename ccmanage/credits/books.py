"""The working set of one transaction that moves credits: lock, move, write.

Whoever moves credits does it here, an admin's single grant like a settlement of thousands of workspaces:
balances are locked in ascending order before anything else, so that reading `seq`, `last_hash` and grants
afterwards is safe, and everything is written in a few statements at the end.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from ccmanage.core.money import MAX_BALANCE_NANO
from ccmanage.core.sql import IN_LIST, BulkInsert, chunks, ints
from ccmanage.credits import rules
from ccmanage.credits.errors import BalanceOutOfRange, NoSuchAccount
from ccmanage.credits.models import Grant as GrantRow
from ccmanage.credits.rules import Grant, Movement

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
_READ_GRANTS = (
    f"SELECT {','.join(_GRANTS.columns)} FROM grants"
    f" WHERE workspace_id IN ({{}}) AND state IN ({rules.SCHEDULED},{rules.ACTIVE})"
)


def _grant_values(row: Sequence[Any]) -> tuple[int, int, int, int, int, int, int]:
    """Return id, priority, amount, remaining, state, effective_at, expires_at of a row of `_GRANTS.columns`."""
    return (row[0], row[4], row[5], row[10], row[9], row[6], row[7])


@dataclass(slots=True)
class Account:
    """One workspace's books: as they stood when locked, and as they stand now."""

    workspace_id: int
    balance: int
    debt: int
    seq: int
    last_hash: bytes
    spent: int = 0
    grants: list[Grant] = field(default_factory=list)
    balance_before: int = 0
    debt_before: int = 0
    seq_before: int = 0


class Books:
    """Accounts opened under their locks, and the entries to be written."""

    def __init__(self, connection: Connection, now: int) -> None:
        self._connection = connection
        self._now = now
        self._accounts: dict[int, Account] = {}
        self._entries: list[tuple[int | bytes, ...]] = []
        # The rows of living grants as read: what an upsert must repeat, and the remaining and state to compare.
        self._rows: dict[int, tuple[Grant, Sequence[int | bytes]]] = {}

    def open(self, workspace_ids: Collection[int]) -> None:
        """Lock the balances of these workspaces and read their living grants; time passes for them."""
        wanted = sorted(set(workspace_ids) - self._accounts.keys())
        lock = "" if self._connection.dialect.name == "sqlite" else " FOR UPDATE"
        for part in chunks(wanted, IN_LIST):
            listed = ints(part)
            for row in self._connection.exec_driver_sql(
                "SELECT workspace_id, balance_nano, debt_nano, seq, last_hash FROM balances"
                f" WHERE workspace_id IN ({listed}) ORDER BY workspace_id{lock}"
            ):
                number, balance, debt, seq, last_hash = row
                account = Account(number, balance, debt, seq, bytes(last_hash))
                account.balance_before, account.debt_before, account.seq_before = balance, debt, seq
                self._accounts[number] = account
            for row in self._connection.exec_driver_sql(_READ_GRANTS.format(listed)):
                grant = Grant(*_grant_values(row))
                self._accounts[row[2]].grants.append(grant)
                self._rows[grant.id] = (grant, row)
        for workspace_id in wanted:
            self._pass_time(self.account(workspace_id))

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
        values = tuple(getattr(row, name) for name in _GRANTS.columns)
        grant = Grant(*_grant_values(values))
        account.grants.append(grant)
        self._rows[grant.id] = (grant, values)
        self._pass_time(account)

    def void(self, workspace_id: int, grant_id: int) -> None:
        """Take away what remains of a living grant."""
        account = self.account(workspace_id)
        for grant in account.grants:
            if grant.id == grant_id and grant.state in (rules.SCHEDULED, rules.ACTIVE):
                self._post(account, rules.end(grant, rules.VOID, rules.VOIDED))

    def write(self) -> None:
        """Write entries, balances and grants: what moved, nothing else."""
        _LEDGER.run(self._connection, self._entries)
        moved = [account for account in self._accounts.values() if account.seq != account.seq_before]
        _BALANCES.run(self._connection, [self._balance_row(account) for account in moved])
        changed = [
            (*row[:9], grant.state, grant.remaining - int(row[10]))
            for _number, (grant, row) in sorted(self._rows.items())
            if grant.state != row[9] or grant.remaining != row[10]
        ]
        _GRANTS.run(self._connection, changed)
        self._entries, self._accounts, self._rows = [], {}, {}

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

    def _pass_time(self, account: Account) -> None:
        movements, account.debt = rules.turn(account.grants, account.debt, self._now)
        self._post(account, movements)

    def _post(self, account: Account, movements: Sequence[Movement]) -> None:
        workspace_id, at = account.workspace_id, self._now
        for movement in movements:
            account.seq += 1
            account.balance += movement.amount
            digest = rules.entry_hash(account.last_hash, workspace_id, account.seq, movement, account.balance, at)
            self._entries.append((workspace_id, account.seq, *movement, account.balance, at, account.last_hash, digest))
            account.last_hash = digest
