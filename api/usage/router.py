"""What a workspace used. Members see what they used themselves; the others see all."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.context import context_of
from api.deps import PageDep, PlacesDep, RuntimeDep, ScopeDep, WorkspaceCaller, WorkspaceViewer
from api.openapi import problems
from api.places import Places
from api.routing import router
from api.schemas import MomentIn, PageOut
from api.usage.schemas import EventDetailOut, EventOut, Status, SummaryOut
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import DAY
from ccmanage.core.ids import EVENT, KEY, WORKSPACE, decode_id, encode_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.reports.events import EventLine, Listing
from ccmanage.reports.export import PAGE_ROWS, csv_head, csv_rows, jsonl_rows
from ccmanage.reports.rules import Dimension
from ccmanage.reports.usage import Question, Where, check_range

usage = router("/v1/usage", "usage")

_DEFAULT_MS = 30 * DAY

From = Annotated[
    MomentIn | None,
    Query(alias="from", description="Start of the range, part of it; without it 30 days before its end."),
]
To = Annotated[MomentIn | None, Query(alias="to", description="End of the range, not part of it; without it now.")]
DimensionName = Literal["hour", "day", "week", "month", "model", "key", "user", "project"]


async def _range(runtime: RuntimeDep, from_at: From = None, to_at: To = None) -> tuple[int, int]:
    end = runtime.clock.now_ms() if to_at is None else to_at
    return (max(0, end - _DEFAULT_MS) if from_at is None else from_at, end)


async def _where(
    me: WorkspaceViewer,
    model: Annotated[str | None, Query(max_length=200)] = None,
    key_id: Annotated[str | None, Query(max_length=64, description="A key of the workspace (`key_…`).")] = None,
    project: Annotated[str | None, Query(max_length=200)] = None,
) -> Where:
    key = decode_id(KEY, key_id) if key_id is not None else None
    return Where(me.workspace_id, me.own_only, model, key, project)


RangeDep = Annotated[tuple[int, int], Depends(_range)]
WhereDep = Annotated[Where, Depends(_where)]


async def _question(
    where: WhereDep,
    span: RangeDep,
    tz: Annotated[str, Query(max_length=64, description="The zone whose hours and days are meant.")] = "UTC",
    group_by: DimensionName = "day",
    split_by: DimensionName | None = None,
) -> Question:
    return Question(where, *span, tz, Dimension(group_by), Dimension(split_by) if split_by else None)


async def _listing(where: WhereDep, span: RangeDep, status: Status | None = None) -> Listing:
    return Listing(where, *span, status)


QuestionDep = Annotated[Question, Depends(_question)]
ListingDep = Annotated[Listing, Depends(_listing)]


@usage.get("/summary")
def summary(me: WorkspaceViewer, scope: ScopeDep, asked: QuestionDep) -> SummaryOut:
    """Sum usage by hours, days, ISO weeks or months of a zone, or by model, key, user or project.

    The range is widened to quarters of an hour; `from` and `to` in the answer tell what was summed.
    """
    return SummaryOut.of(scope.usage_report.summary(asked))


@usage.get("/events")
def events(me: WorkspaceViewer, scope: ScopeDep, asked: ListingDep, ask: PageDep) -> PageOut[EventOut]:
    """List single calls, newest first."""
    return PageOut[EventOut].of(scope.event_report.page(asked, ask), EventOut.of)


@usage.get("/events/{event_id}")
def event(me: WorkspaceViewer, scope: ScopeDep, event_id: str) -> EventDetailOut:
    """Return a call with its receipt: by which price, line by line, out of which grants."""
    found = scope.event_report.get(me.workspace_id, me.own_only, decode_id(EVENT, event_id))
    return EventDetailOut.explain(found)


@usage.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The events, newest first, as they are read.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            },
        },
        **problems(422),
    },
)
async def export(
    request: Request,
    me: WorkspaceViewer,
    runtime: RuntimeDep,
    places: PlacesDep,
    asked: ListingDep,
    format_: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Download single calls as CSV or JSON lines. Cells that a spreadsheet would run as a formula are defused."""
    check_range(asked.from_at, asked.to_at)
    await places.run(_note, runtime, me, request, asked)
    name = f"usage.{format_}"
    media_type = "text/csv; charset=utf-8" if format_ == "csv" else "application/jsonl"
    return StreamingResponse(
        _stream(runtime, places, asked, as_csv=format_ == "csv"),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _stream(runtime: Runtime, places: Places, asked: Listing, *, as_csv: bool) -> AsyncIterator[bytes]:
    """Read a page at a time, each in a short transaction of its own."""
    if as_csv:
        yield csv_head()
    ask = PageRequest(PAGE_ROWS)
    while True:
        page = await places.run(_page, runtime, asked, ask)
        yield csv_rows(page.items) if as_csv else jsonl_rows(page.items)
        if page.next_cursor is None:
            return
        ask = PageRequest(PAGE_ROWS, page.next_cursor)


def _page(runtime: Runtime, asked: Listing, ask: PageRequest) -> Page[EventLine]:
    with runtime.read() as scope:
        return scope.event_report.page(asked, ask)


def _note(runtime: Runtime, me: WorkspaceCaller, request: Request, asked: Listing) -> None:
    context = context_of(request)
    with runtime.scope(me.caller.actor(context.request_id, context.address)) as scope:
        scope.audit.record(
            "usage.export",
            ("workspace", encode_id(WORKSPACE, me.membership.public_id)),
            workspace_id=me.workspace_id,
            after={"from": asked.from_at, "to": asked.to_at},
        )
