"""The pure parts of the audit: what is judged of rows, and how the plane of cells is cut."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.credits.rules import GENESIS, Movement, entry_hash
from ccmanage.reports.books.cells import BEGIN, LAST, Cell, Stretch, events_in, gather, rollups_in
from ccmanage.reports.books.report import MOST_FINDINGS, BooksReport, Finding, Watermark, finding, watermark_of
from ccmanage.reports.books.rules import (
    AccountRow,
    BatchRow,
    Chain,
    Entry,
    GrantRow,
    SettlementRow,
    judge_account,
    judge_batch,
    judge_guards,
    judge_settlement,
)
from ccmanage.reports.books.snapshot import Pace
from ccmanage.usage.models import SLOT_MS

GRANT, USAGE, EXPIRY = 1, 2, 3
BY_GRANT, BY_SETTLEMENT = 1, 2


def checks(findings: Iterable[Finding]) -> list[str]:
    return [f"{one.invariant} {one.check}" for one in findings]


# Batches


GOOD = BatchRow(1, 1, 5, 1, 2, 1, 1, 1, 1, bytes([1, 5, 2, 3, 4]))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GOOD, []),
        (GOOD._replace(outcomes=None), []),
        (BatchRow(1, 0, 5, 1, *[None] * 6), []),
        (BatchRow(1, 1, 5, 1, *[None] * 6), ["I1 outcome"]),
        (GOOD._replace(state=0), ["I1 outcome"]),
        (GOOD._replace(state=4), ["I1 state", "I1 outcome"]),
        (GOOD._replace(received=6), ["I1 received", "I1 items"]),
        (GOOD._replace(rejected=2), ["I1 rejected"]),
        (GOOD._replace(unpriced=3), ["I1 unpriced", "I1 outcomes"]),
        (GOOD._replace(unpriced=2), ["I1 outcomes"]),
        (GOOD._replace(outcomes=bytes([1, 5, 2, 2, 4])), ["I1 outcomes"]),
        (GOOD._replace(outcomes=bytes([1, 5, 2, 3, 0])), ["I1 outcomes"]),
    ],
)
def test_a_batch_is_judged(row: BatchRow, expected: list[str]) -> None:
    assert checks(judge_batch(row)) == expected


# Settlements


BATCHES = SettlementRow(
    id=1, known=1, kind=0, batches=2, events=5, credits=90, outcomes=2, inserted=5, unpriced=1, batch_credits=90,
    charged_events=4, late_events=0, ledger=-90,
)  # fmt: skip
LATE = SettlementRow(
    id=1, known=1, kind=1, batches=0, events=3, credits=9, outcomes=0, inserted=0, unpriced=0, batch_credits=0,
    charged_events=3, late_events=3, ledger=-9,
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (BATCHES, []),
        (LATE, []),
        (BATCHES._replace(known=0), ["I5 settlement"]),
        (BATCHES._replace(batches=3), ["I1 batches"]),
        (BATCHES._replace(inserted=4), ["I1 inserted"]),
        (BATCHES._replace(charged_events=5), ["I1 events"]),
        (BATCHES._replace(ledger=-91), ["I5 credits"]),
        (BATCHES._replace(batch_credits=91), ["I5 batch_credits"]),
        (LATE._replace(late_events=2), ["I1 inserted"]),
        (LATE._replace(charged_events=2), ["I1 events"]),
        (LATE._replace(credits=8), ["I5 credits"]),
    ],
)
def test_a_settlement_is_judged(row: SettlementRow, expected: list[str]) -> None:
    assert checks(judge_settlement(row)) == expected


def test_what_names_a_settlement_that_never_was_is_told() -> None:
    [one] = judge_settlement(SettlementRow(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, -9))
    assert one.found == "none, but events 4, ledger -9"
    [nothing] = judge_settlement(SettlementRow(7, *[0] * 12))
    assert nothing.found == "none, but rows of nothing"


# Chains


def entries(*movements: Movement, workspace: int = 3) -> list[Entry]:
    """Return a chain as it would be written."""
    made: list[Entry] = []
    balance, digest = 0, GENESIS
    for seq, movement in enumerate(movements, start=1):
        balance += movement.amount
        prev, digest = digest, entry_hash(digest, workspace, seq, movement, balance, 1_000 + seq)
        made.append(Entry(workspace, seq, *movement, balance, 1_000 + seq, prev, digest))
    return made


LEDGER = entries(
    Movement(GRANT, 100, 7, BY_GRANT, 7),
    Movement(USAGE, -30, 7, BY_SETTLEMENT, 1),
    Movement(USAGE, -70, 7, BY_SETTLEMENT, 2),
    Movement(USAGE, -5, 0, BY_SETTLEMENT, 2),
)


def follow(chain: Chain, ledger: Iterable[Entry]) -> list[str]:
    return [name for entry in ledger for name in checks(chain.follow(entry))]


def test_a_good_chain_adds_up() -> None:
    chain = Chain(3)
    assert follow(chain, LEDGER) == []
    assert (chain.seq, chain.balance, chain.total, chain.spent) == (4, -5, -5, 105)
    assert chain.by_grant == {7: 0, 0: -5}
    assert chain.hash == LEDGER[-1].hash


def test_a_chain_may_be_taken_up_in_the_middle() -> None:
    chain = Chain(3, whole=False)
    assert follow(chain, LEDGER[2:]) == []
    assert (chain.seq, chain.balance) == (4, -5)
    assert follow(Chain(3), LEDGER[2:]) == ["I7 seq", "I7 prev_hash", "I7 balance_after"]


@pytest.mark.parametrize(
    ("place", "change", "expected"),
    [
        (1, {"at": 5}, ["I7 hash"]),
        (1, {"amount": -31}, ["I7 hash", "I7 balance_after"]),
        (1, {"ref_kind": BY_GRANT}, ["I7 hash", "I5 reference"]),
        (1, {"hash": GENESIS}, ["I7 hash", "I7 prev_hash"]),
        (1, {"prev_hash": GENESIS}, ["I7 prev_hash", "I7 hash"]),
        (0, {"workspace": 4}, ["I7 hash"]),
        (3, {"seq": 9}, ["I7 seq", "I7 hash"]),
    ],
)
def test_one_fault_in_a_chain_is_told_once(place: int, change: dict[str, int | bytes], expected: list[str]) -> None:
    ledger = list(LEDGER)
    ledger[place] = ledger[place]._replace(**change)  # type: ignore[arg-type]
    assert follow(Chain(3), ledger) == expected


@given(st.integers(0, 3), st.integers(0, 10), st.integers(-3, 3).filter(bool))
def test_no_number_of_a_chain_can_change_unseen(place: int, column: int, by: int) -> None:
    ledger = list(LEDGER)
    values = list(ledger[place])
    old = values[column]
    values[column] = old + by if isinstance(old, int) else bytes([old[0] ^ (by & 0xFF or 1)]) + old[1:]
    ledger[place] = Entry(*values)
    assert follow(Chain(3), ledger)


# Accounts


def account(**changes: int | bytes) -> AccountRow:
    row = AccountRow(workspace=3, balance=-5, debt=5, spent=105, seq=4, last_hash=LEDGER[-1].hash)
    return row._replace(**changes)  # type: ignore[arg-type]


SPENT = GrantRow(7, 3, 2, 100, 0)


def judge(row: AccountRow, *grants: GrantRow, whole: bool = True) -> list[str]:
    chain = Chain(3, whole=whole)
    follow(chain, LEDGER if whole else LEDGER[1:])
    return checks(judge_account(row, grants, chain))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (account(), []),
        (account(seq=5), ["I7 head"]),
        (account(last_hash=GENESIS), ["I7 head"]),
        (account(balance=-6, debt=6), ["I3 ledger", "I4 debt_ledger"]),
        (account(debt=4), ["I3 grants", "I4 debt_ledger"]),
        (account(spent=1), ["I3 spent"]),
        (account(debt=-1), ["I3 grants", "I3 debt", "I4 debt_ledger"]),
    ],
)
def test_an_account_is_judged(row: AccountRow, expected: list[str]) -> None:
    assert judge(row, SPENT) == expected


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ([], ["I4 grant"]),
        ([SPENT._replace(state=1)], []),
        ([SPENT._replace(state=5)], ["I4 state"]),
        ([SPENT._replace(remaining=1)], ["I3 grants", "I4 grant_ledger", "I4 over"]),
        ([SPENT._replace(remaining=101)], ["I3 grants", "I4 grant_ledger", "I4 bounds"]),
        ([SPENT._replace(remaining=-1)], ["I3 grants", "I4 grant_ledger", "I4 bounds"]),
        ([SPENT, GrantRow(8, 3, 0, 50, 0)], []),
    ],
)
def test_grants_are_judged(grants: list[GrantRow], expected: list[str]) -> None:
    assert judge(account(), *grants) == expected


def test_sums_by_grant_are_not_asked_of_half_a_chain() -> None:
    assert judge(account(spent=0), SPENT, whole=False) == []
    assert judge(account(balance=0), SPENT, whole=False) == ["I3 ledger", "I3 grants"]


# Guards


def test_a_guard_has_to_refuse() -> None:
    bodies = {"UPDATE": "begin select raise(abort, 'no'); end", "DELETE": "SIGNAL SQLSTATE '45000'"}
    assert checks(judge_guards(("UPDATE", "DELETE"), bodies)) == []
    assert checks(judge_guards(("UPDATE", "DELETE"), {"UPDATE": "SET @a = 1"})) == ["I7 guard", "I7 guard"]


# Cells


cells = st.builds(Cell, st.integers(0, 4), st.integers(0, 6))


@given(st.sets(cells), st.integers(1, 12), st.integers(1, 4))
def test_gathered_cells_are_all_there_once(wanted: set[Cell], most: int, stretches: int) -> None:
    groups = list(gather(sorted(wanted), dict.fromkeys(wanted, 3), most, stretches))
    assert all(0 < len(group) <= stretches for group in groups)
    everywhere = [Cell(workspace, slot) for workspace in range(6) for slot in range(8)]
    for cell in everywhere:
        there = sum(stretch.after < cell <= stretch.upto for group in groups for stretch in group)
        assert there == (cell in wanted)


@given(st.tuples(cells, cells).map(sorted), st.sets(cells))
def test_conditions_say_what_stretches_mean(borders: list[Cell], there: set[Cell]) -> None:
    for stretch in (Stretch(borders[0], borders[1]), Stretch(BEGIN, borders[1]), Stretch(borders[0], LAST)):
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE t (workspace_id INTEGER, slot INTEGER, event_at INTEGER)")
        for workspace, slot in there:
            for at in (slot * SLOT_MS, (slot + 1) * SLOT_MS - 1):
                database.execute("INSERT INTO t VALUES (?, ?, ?)", (workspace, slot, at))
        expected = sorted(cell for cell in there if stretch.after < cell <= stretch.upto)
        for condition in (rollups_in([stretch]), events_in([stretch])):
            rows = database.execute(f"SELECT workspace_id, slot FROM t WHERE {condition} ORDER BY 1, 2").fetchall()
            assert rows == [cell for cell in expected for _both in range(2)]


# Pace and report


def test_chunks_grow_while_they_are_quick_and_shrink_when_they_are_slow() -> None:
    pace = Pace(100, 300)
    for seconds, size in (
        (0.1, 200),
        (0.1, 300),
        (0.3, 300),
        (0.9, 150),
        (0.9, 75),
        (9, 37),
        (9, 18),
        (9, 16),
        (9, 16),
    ):
        pace.took(seconds)
        assert pace.size == size


def report() -> BooksReport:
    return BooksReport(0, True, Watermark(), Watermark(9, 8, 7, 6))


def test_few_findings_are_kept_and_all_are_counted() -> None:
    made = report()
    made.add(finding("I6", "rollup", {"workspace": number}, 1, 2) for number in range(MOST_FINDINGS + 50))
    made.add([finding("I3", "ledger", {"workspace": 1}, 1, b"\x01")])
    assert (made.broken["I6"], len(made.findings)) == (150, 101)
    text = list(made.lines())
    assert "I3 ledger: workspace=1: expected 1, found 01" in text
    assert "I6: 50 more are not listed" in text
    assert "  I6 rollups match events: 150 broken" in text
    assert made.as_dict()["findings"][0]["invariant"] == "I3"


def test_only_a_clean_and_complete_run_moves_the_watermark() -> None:
    made = report()
    assert made.watermark == Watermark()
    made.complete = True
    assert made.watermark == Watermark(9, 8, 7, 6)
    made.add([finding("I3", "ledger", {}, 1, 2)])
    assert made.watermark == Watermark()


def test_a_stored_report_gives_its_watermark_back() -> None:
    made = report()
    made.complete = True
    assert watermark_of(json.dumps(made.as_dict()).encode()) == Watermark(9, 8, 7, 6)
