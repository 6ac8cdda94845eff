"""Queries of the audits' results."""

from sqlalchemy import delete, select

from ccmanage.core.repository import Repository
from ccmanage.reports.books.report import Watermark, watermark_of
from ccmanage.reports.models import BooksRun

# Results that are kept: a run every ten minutes for about a week.
_KEPT = 1_000


class BooksRepository(Repository[BooksRun]):
    """Runs of the audit, the newest of which says where to go on."""

    model = BooksRun

    def newest(self) -> BooksRun | None:
        """Return the last run."""
        return self.one(select(BooksRun).order_by(BooksRun.id.desc()).limit(1))

    def last_full_at(self) -> int | None:
        """Return when the last run that started over was made, among those that are kept."""
        return self.session.scalar(
            select(BooksRun.at).where(BooksRun.is_full == 1).order_by(BooksRun.id.desc()).limit(1)
        )

    def watermark(self) -> Watermark:
        """Return up to where the last run had proven the books."""
        run = self.newest()
        return watermark_of(run.report) if run else Watermark()

    def drop_old(self, newest: int) -> None:
        """Forget runs long before the newest."""
        self.session.execute(delete(BooksRun).where(BooksRun.id <= newest - _KEPT))
