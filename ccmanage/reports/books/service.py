"""Keep what audits found: for the next run, for screens, for the metric."""

import json
from dataclasses import dataclass
from typing import Any

from ccmanage.reports.books.report import BooksReport
from ccmanage.reports.books.repository import BooksRepository
from ccmanage.reports.models import BooksRun


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run of the audit as it was stored; `report` is what `BooksReport.as_dict` gave, without heads."""

    at: int
    is_full: bool
    is_clean: bool
    report: dict[str, Any]


class BooksService:
    """Results of the audit. The audit itself is `audit_books`: it runs outside any transaction of a scope."""

    def __init__(self, repository: BooksRepository) -> None:
        self._repository = repository

    def last(self) -> StoredRun | None:
        """Return the last run."""
        run = self._repository.newest()
        if run is None:
            return None
        return StoredRun(run.at, bool(run.is_full), bool(run.is_clean), json.loads(run.report))

    def proven_settlement(self) -> int:
        """Return up to which settlement the last audit had proven the books; 0 if it was never made."""
        return self._repository.watermark().settlement

    def last_full_at(self) -> int | None:
        """Return when all books were audited from the beginning for the last time, None if never."""
        return self._repository.last_full_at()

    def store(self, report: BooksReport) -> None:
        """Write down a run that came to its end; one that was stopped leaves no trace."""
        if not report.complete:
            return
        watermark = report.watermark
        run = self._repository.add(
            BooksRun(
                at=report.at,
                is_full=int(report.is_full),
                is_clean=int(report.is_clean),
                batch_watermark=watermark.batch,
                settlement_watermark=watermark.settlement,
                report=json.dumps({**report.as_dict(), "heads": []}).encode(),
            )
        )
        self._repository.drop_old(run.id)
