"""Who did what, for administrators."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.audit.export import COLUMNS, csv_rows, ndjson_rows
from api.audit.schemas import AuditOut, Named
from api.auth import Caller
from api.context import context_of
from api.deps import Admin, PageDep, PlacesDep, RuntimeDep, ScopeDep
from api.openapi import problems
from api.places import Places
from api.routing import router
from api.schemas import MomentIn, PageOut
from ccmanage.audit.asking import LogFilter
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.ids import AUDIT, USER, WORKSPACE, decode_id
from ccmanage.core.pagination import Page, PageRequest

audit_log = router("/v1/admin/audit-log", "admin audit log")

_EXPORT_ROWS = 500


class Asked(BaseModel):
    """Which deeds are meant; what is left out does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str | None = None
    actor_id: str | None = None
    subject_id: str | None = None
    workspace_id: str | None = None
    request_id: str | None = None
    from_at: int | None = None
    to_at: int | None = None


async def _asked(  # noqa: PLR0913 - one for each filter
    action: Annotated[
        str | None, Query(max_length=64, description="Only this kind, such as `keys.issue`, or a feature's: `keys.`")
    ] = None,
    actor_id: Annotated[str | None, Query(description="Only what this person did (`usr_…`).")] = None,
    subject_id: Annotated[str | None, Query(max_length=64, description="Only what was done to this thing.")] = None,
    workspace_id: Annotated[str | None, Query(description="Only what was done in this workspace (`ws_…`).")] = None,
    request_id: Annotated[str | None, Query(max_length=64, description="Only what this request did.")] = None,
    from_at: Annotated[MomentIn | None, Query(alias="from", description="Not before this time.")] = None,
    to_at: Annotated[MomentIn | None, Query(alias="to", description="Before this time.")] = None,
) -> Asked:
    return Asked(
        action=action,
        actor_id=actor_id,
        subject_id=subject_id,
        workspace_id=workspace_id,
        request_id=request_id,
        from_at=from_at,
        to_at=to_at,
    )


AskedDep = Annotated[Asked, Depends(_asked)]


def _filter(scope: Scope, asked: Asked) -> LogFilter:
    actor, workspace = asked.actor_id, asked.workspace_id
    return LogFilter(
        action=asked.action,
        actor_user_id=scope.accounts.get(decode_id(USER, actor)).id if actor is not None else None,
        subject_id=asked.subject_id,
        workspace_id=scope.workspaces.get(decode_id(WORKSPACE, workspace)).id if workspace is not None else None,
        request_id=asked.request_id,
        from_at=asked.from_at,
        to_at=asked.to_at,
    )


@audit_log.get("")
def list_(caller: Admin, scope: ScopeDep, ask: PageDep, asked: AskedDep) -> PageOut[AuditOut]:
    """List deeds, newest first."""
    return _answer(scope, ask, _filter(scope, asked))


@audit_log.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The entries, newest first, as they are read.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        },
        **problems(422),
    },
)
async def export(
    request: Request,
    caller: Admin,
    runtime: RuntimeDep,
    places: PlacesDep,
    asked: AskedDep,
    format_: Annotated[Literal["csv", "ndjson"], Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Download deeds as CSV or JSON lines. Cells that a spreadsheet would run as a formula are defused."""
    wanted = await places.run(_note, runtime, caller, request, asked)
    as_csv = format_ == "csv"
    return StreamingResponse(
        _stream(runtime, places, wanted, as_csv=as_csv),
        media_type="text/csv; charset=utf-8" if as_csv else "application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="audit-log.{format_}"'},
    )


@audit_log.get("/{audit_id}")
def get(caller: Admin, scope: ScopeDep, audit_id: str) -> AuditOut:
    """Return one deed."""
    recorded = scope.audit.get(decode_id(AUDIT, audit_id))
    return AuditOut.of(recorded, Named.of(scope, [recorded]))


def _answer(scope: Scope, ask: PageRequest, wanted: LogFilter) -> PageOut[AuditOut]:
    page = scope.audit.page(ask, wanted)
    named = Named.of(scope, list(page.items))
    return PageOut[AuditOut].of(page, lambda recorded: AuditOut.of(recorded, named))


async def _stream(runtime: Runtime, places: Places, wanted: LogFilter, *, as_csv: bool) -> AsyncIterator[bytes]:
    """Read a page at a time, each in a short transaction of its own."""
    if as_csv:
        yield ",".join(COLUMNS).encode() + b"\r\n"
    ask = PageRequest(_EXPORT_ROWS)
    while True:
        page = await places.run(_page, runtime, ask, wanted)
        yield csv_rows(list(page.items)) if as_csv else ndjson_rows(list(page.items))
        if page.next_cursor is None:
            return
        ask = PageRequest(_EXPORT_ROWS, page.next_cursor)


def _page(runtime: Runtime, ask: PageRequest, wanted: LogFilter) -> Page[AuditOut]:
    with runtime.read() as scope:
        answer = _answer(scope, ask, wanted)
    return Page(answer.items, answer.next_cursor)


def _note(runtime: Runtime, caller: Caller, request: Request, asked: Asked) -> LogFilter:
    """Record that the log was taken out, and by which filters."""
    context = context_of(request)
    with runtime.scope(Actor(caller.user_id, context.request_id, context.address)) as scope:
        scope.audit.record("audit.export", ("audit_log", ""), after=asked.model_dump(exclude_none=True))
        return _filter(scope, asked)
