"""Bodies of the overview and the books."""

from typing import Any, Literal

from api.schemas import Credits, Moment, Out
from api.usage.schemas import RowOut, SumsOut
from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.reports.books.report import INVARIANTS
from ccmanage.reports.books.service import StoredRun
from ccmanage.reports.overview import Overview

# Which rows an invariant is proven on.
_PROVEN_ON = {
    "I1": "batches",
    "I2": "events",
    "I3": "workspaces",
    "I4": "workspaces",
    "I5": "settlements",
    "I6": "rollups",
    "I7": "ledger entries",
    "I8": "renewals",
    "I9": "mails",
    "I10": "holds",
    "A1": "seals",
}


class TopWorkspaceOut(Out):
    """A workspace and what it spent in the range."""

    id: str
    name: str
    credits: Credits


class OverviewOut(Out):
    """Figures of the installation, and its usage in the range that was asked for."""

    workspaces: int
    users: int
    keys: int
    gateways: int
    pending_batches: int
    oldest_pending_at: Moment | None
    quarantine_open: int
    unpriced_events: int
    spend: SumsOut
    by_model: list[RowOut]
    by_day: list[RowOut]
    top_workspaces: list[TopWorkspaceOut]

    @classmethod
    def of(cls, found: Overview) -> "OverviewOut":
        """Make the answer."""
        counts = found.counts
        return cls(
            workspaces=counts.workspaces,
            users=counts.users,
            keys=counts.keys,
            gateways=counts.gateways,
            pending_batches=found.backlog.batches,
            oldest_pending_at=found.backlog.oldest_at or None,
            quarantine_open=counts.quarantine_open,
            unpriced_events=counts.unpriced_events,
            spend=SumsOut.of(found.spend),
            by_model=[RowOut.row(row) for row in found.by_model],
            by_day=[RowOut.row(row) for row in found.by_day],
            top_workspaces=[
                TopWorkspaceOut(
                    id=encode_id(WORKSPACE, spender.workspace.public_id),
                    name=spender.workspace.name,
                    credits=spender.credits_nano,
                )
                for spender in found.top
            ],
        )


class InvariantOut(Out):
    """One thing that must always be true: on how many rows it was proven in the last run, and how many break it."""

    name: str
    meaning: str
    checked: int
    broken: int


class BooksOut(Out):
    """What the last audit of the books found. `full_at`: when it last started from the beginning."""

    state: Literal["clean", "broken", "unknown"]
    checked_at: Moment | None
    full_at: Moment | None
    invariants: list[InvariantOut]
    findings: list[dict[str, Any]]

    @classmethod
    def of(cls, run: StoredRun | None, full_at: int | None) -> "BooksOut":
        """Make the answer."""
        if run is None:
            return cls(state="unknown", checked_at=None, full_at=None, invariants=[], findings=[])
        checked, broken = run.report["checked"], run.report["invariants"]
        return cls(
            state="clean" if run.is_clean else "broken",
            checked_at=run.at,
            full_at=full_at,
            invariants=[
                InvariantOut(name=name, meaning=meaning, checked=checked.get(_PROVEN_ON[name], 0), broken=broken[name])
                for name, meaning in INVARIANTS.items()
            ],
            findings=run.report["findings"],
        )
