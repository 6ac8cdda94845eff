"""I3, I4 and I7: every workspace's chain is followed entry by entry and held against its balance and grants.

The chain has to pass through here anyway, so its sums are taken on the way. A page of entries, and the balances
and grants of the workspaces in it, are read in one snapshot. The long ledger of one workspace is read in several:
what was read before cannot change, and balance and grants are read with its last page.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, text

from ccmanage.core.clock import MINUTE
from ccmanage.core.sql import IN_LIST, ints
from ccmanage.reports.books.report import Finding, Head, finding
from ccmanage.reports.books.rules import AccountRow, Chain, Entry, GrantRow, judge_account
from ccmanage.reports.books.snapshot import Run

END = 1 << 62
# Clocks of processes may be apart a little: what was written shortly before the watermark is read again.
_MARGIN_MS = 5 * MINUTE
_MOST_ACCOUNTS = IN_LIST
_MOST_CHAINS = 200

_ACCOUNTS = text(
    "SELECT workspace_id, seq, last_hash, updated_at FROM balances WHERE workspace_id > :after"
    f" ORDER BY workspace_id LIMIT {_MOST_ACCOUNTS}"
)
_LAST_ACCOUNT = text("SELECT COALESCE(MAX(workspace_id), 0) FROM balances")
_ENTRIES = (
    "SELECT workspace_id, seq, kind, amount_nano, grant_id, ref_kind, ref_id, balance_after_nano, at, prev_hash, hash"
    " FROM ledger WHERE workspace_id = {:d} AND seq >= {:d} AND seq <= {:d}"
)
_BALANCES = (
    "SELECT workspace_id, balance_nano, debt_nano, spent_nano, seq, last_hash FROM balances WHERE workspace_id IN ({})"
)
_GRANTS = "SELECT id, workspace_id, state, amount_nano, remaining_nano FROM grants WHERE workspace_id IN ({})"
# The newest entry of each workspace that an earlier run has proven.
_PROVEN = (
    "SELECT b.workspace_id, (SELECT l.seq FROM ledger l WHERE l.workspace_id = b.workspace_id AND l.at < {since:d}"
    " ORDER BY l.seq DESC LIMIT 1) FROM balances b WHERE b.workspace_id IN ({listed})"
)
_STRANGERS = (
    "SELECT DISTINCT t.workspace_id FROM {table} t LEFT JOIN balances b ON b.workspace_id = t.workspace_id"
    " WHERE t.workspace_id > {after:d} AND t.workspace_id <= {upto:d}{others} AND b.workspace_id IS NULL"
)


@dataclass(slots=True)
class _Accounts:
    """A page of accounts in ascending order: where each chain is taken up, and how many entries it has from there."""

    upto: int
    heads: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    begins: dict[int, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class LedgerWalk:
    """Follows all chains, or in a run from a watermark those that moved since, from where they were proven."""

    def __init__(self, run: Run, *, with_heads: bool) -> None:
        self._run = run
        self._with_heads = with_heads
        self._pace = run.pace(4_000, 20_000)
        self._digest = hashlib.sha256()
        start = run.report.start
        self._since = 0 if run.report.is_full else start.at - _MARGIN_MS

    def check(self) -> None:
        """Look at all workspaces; the last page has no upper end, so that strangers to the accounts are found."""
        last = self._run.read(lambda connection: connection.execute(_LAST_ACCOUNT).scalar_one())
        after = -1
        while after < END:
            page = self._run.read(partial(self._accounts, after=after))
            self._run.report.add(page.findings)
            for group in self._groups(page):
                self._check_group(page, group)
                self._run.tell("ledger", group[-1], last)
            self._note_heads(page)
            after = page.upto
        self._run.report.heads_digest = self._digest.hexdigest()
        self._run.tell("ledger", last, last)

    def _accounts(self, connection: Connection, after: int) -> _Accounts:
        """Read a page of accounts and where to take up the chains of those that are to be looked at."""
        rows = connection.execute(_ACCOUNTS, {"after": after}).all()
        page = _Accounts(rows[-1][0] if len(rows) == _MOST_ACCOUNTS else END)
        page.heads = {row[0]: (row[1], bytes(row[2])) for row in rows}
        chosen = [row[0] for row in rows if row[3] >= self._since]
        page.begins = dict.fromkeys(chosen, 1)
        if self._run.report.is_full:
            page.findings = _strangers(connection, after, page.upto, list(page.heads))
        elif chosen:
            query = _PROVEN.format(since=self._since, listed=ints(chosen))
            page.begins |= {workspace: seq or 1 for workspace, seq in connection.exec_driver_sql(query)}
        return page

    def _groups(self, page: _Accounts) -> Iterator[list[int]]:
        """Put accounts together whose entries fit into one transaction."""
        group: list[int] = []
        size = 0
        for workspace, begin in page.begins.items():
            entries = page.heads[workspace][0] - begin + 1
            if group and (size + entries > self._pace.size or len(group) == _MOST_CHAINS):
                yield group
                group, size = [], 0
            group.append(workspace)
            size += entries
        if group:
            yield group

    def _check_group(self, page: _Accounts, group: Sequence[int]) -> None:
        chains = {workspace: Chain(workspace, whole=page.begins[workspace] == 1) for workspace in group}
        begins = {workspace: page.begins[workspace] for workspace in group}
        if len(group) == 1:
            self._follow_alone(chains[group[0]], begins, page.heads[group[0]][0])

        def chunk(connection: Connection) -> tuple[list[AccountRow], dict[int, list[GrantRow]], list[Entry]]:
            listed = ints(group)
            accounts = [AccountRow(*row) for row in connection.exec_driver_sql(_BALANCES.format(listed))]
            grants: dict[int, list[GrantRow]] = defaultdict(list)
            for row in connection.exec_driver_sql(_GRANTS.format(listed)):
                grants[row[1]].append(GrantRow(*row))
            return accounts, grants, _entries(connection, [(number, seq, END) for number, seq in begins.items()])

        accounts, grants, entries = self._run.read(chunk, self._pace)
        self._follow(chains, entries)
        report = self._run.report
        for account in accounts:
            report.add(judge_account(account, grants[account.workspace], chains[account.workspace]))
            page.heads[account.workspace] = (account.seq, bytes(account.last_hash))
        report.checked["workspaces"] += len(accounts)

    def _follow_alone(self, chain: Chain, begins: dict[int, int], last: int) -> None:
        """Follow a long chain page by page until what is left fits into one transaction."""
        workspace = chain.workspace
        while last - begins[workspace] >= self._pace.size:
            begin = begins[workspace]
            upto = begin + self._pace.size - 1
            entries = self._run.read(partial(_entries, spans=[(workspace, begin, upto)]), self._pace)
            self._follow({workspace: chain}, entries)
            begins[workspace] = upto + 1

    def _follow(self, chains: dict[int, Chain], entries: Sequence[Entry]) -> None:
        self._run.report.checked["ledger entries"] += len(entries)
        for entry in entries:
            self._run.report.add(chains[entry.workspace].follow(entry))

    def _note_heads(self, page: _Accounts) -> None:
        report = self._run.report
        for workspace, (seq, last_hash) in page.heads.items():
            if not seq:
                continue
            report.chains += 1
            self._digest.update(b"%d:%d:%s\n" % (workspace, seq, last_hash.hex().encode()))
            if self._with_heads:
                report.heads.append(Head(workspace, seq, last_hash.hex()))


def _entries(connection: Connection, spans: Sequence[tuple[int, int, int]]) -> list[Entry]:
    """Read the entries of spans (workspace, first and last number), in order.

    One selection a span: given many spans in one condition, SQLite reads the whole table in its order instead.
    """
    query = " UNION ALL ".join(_ENTRIES.format(*span) for span in spans)
    return sorted(Entry(*row) for row in connection.exec_driver_sql(query))


def _strangers(connection: Connection, after: int, upto: int, accounts: Sequence[int]) -> list[Finding]:
    """Find ledgers and grants of workspaces that have no balance."""
    others = f" AND t.workspace_id NOT IN ({ints(accounts)})" if accounts else ""
    return [
        finding("I3", "balance", {"workspace": workspace}, "a balance", f"only rows in {table}")
        for table in ("ledger", "grants")
        for (workspace,) in connection.exec_driver_sql(
            _STRANGERS.format(table=table, after=after, upto=upto, others=others)
        )
    ]
