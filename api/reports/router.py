"""The installation at a glance, and whether its books are clean, for administrators."""

from typing import Annotated

from fastapi import Query

from api.deps import Admin, ScopeDep
from api.reports.schemas import BooksOut, OverviewOut
from api.routing import router
from api.usage.router import RangeDep

overview = router("/v1/admin/overview", "admin overview")
books = router("/v1/admin/books", "admin books")


@overview.get("")
def get(
    caller: Admin,
    scope: ScopeDep,
    span: RangeDep,
    tz: Annotated[str, Query(max_length=64, description="The zone whose days are meant.")] = "UTC",
) -> OverviewOut:
    """Return figures of the installation and its usage in a range."""
    return OverviewOut.of(scope.overview_report.of(*span, tz))


@books.get("")
def last(caller: Admin, scope: ScopeDep) -> BooksOut:
    """Return what the last audit of the books found."""
    return BooksOut.of(scope.books.last(), scope.books.last_full_at())
