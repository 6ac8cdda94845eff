"""One's own data: a copy, the end of one's account, what one agreed to; and who else handles it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.context import context_of
from api.deps import PageDep, Person, PlacesDep, RuntimeDep, ScopeDep, StepUp
from api.openapi import problems
from api.places import Places
from api.privacy.schemas import (
    ConsentEntryOut,
    ConsentIn,
    ConsentOut,
    DeletionOut,
    ExportOut,
    PrivacyOut,
    ProcessorOut,
    ProcessorsOut,
)
from api.routing import router
from api.schemas import PageOut
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime
from ccmanage.core.ids import decode_id
from ccmanage.privacy.exports import EXPORT
from ccmanage.privacy.models import DataExport
from ccmanage.privacy.processors import read_processors

privacy = router("/v1/me/privacy", "privacy")
processors = router("/v1/processors", "processors")


@privacy.get("")
def get(caller: Person, scope: ScopeDep) -> PrivacyOut:
    """Tell how one stands."""
    export, deletion = scope.exports.latest(caller.user_id), scope.erasures.pending(caller.user_id)
    language = scope.accounts.by_number(caller.user_id).locale
    return PrivacyOut(
        export=ExportOut.of(export) if export else None,
        deletion=DeletionOut.of(deletion) if deletion else None,
        sole_owner_of=scope.erasures.solely_owned(caller.user_id),
        consents=[ConsentOut.of(standing, language) for standing in scope.consents.standings(caller.user_id)],
    )


@privacy.post("/export", status_code=202, responses=problems(409))
def export(caller: Person, scope: ScopeDep) -> ExportOut:
    """Ask for a copy of everything about oneself. A mail tells when it is ready; the file before it goes."""
    return ExportOut.of(scope.exports.request(caller.user_id))


@privacy.get(
    "/export/{export_id}/file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The archive.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def download(
    request: Request, caller: Person, runtime: RuntimeDep, places: PlacesDep, export_id: str
) -> StreamingResponse:
    """Fetch the copy, as long as it is kept. Only whoever asked for it can."""
    context = context_of(request)
    actor = Actor(caller.user_id, context.request_id, context.address)
    found = await places.run(_fetch, runtime, actor, decode_id(EXPORT, export_id))
    return StreamingResponse(
        _pieces(runtime, places, found),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="my-data.zip"',
            "Content-Length": str(found.size),
            "Cache-Control": "no-store",
        },
    )


@privacy.post("/deletion", status_code=201, responses=problems(409))
def delete(caller: Person, fresh: StepUp, scope: ScopeDep) -> DeletionOut:
    """Ask for the end of one's account in a week. Until then it can be taken back."""
    return DeletionOut.of(scope.erasures.request(caller.user_id))


@privacy.delete("/deletion", status_code=204, responses=problems(404))
def keep(caller: Person, scope: ScopeDep) -> None:
    """Change one's mind: the account stays."""
    scope.erasures.cancel(caller.user_id)


@privacy.get("/consents")
def consents(caller: Person, scope: ScopeDep, ask: PageDep) -> PageOut[ConsentEntryOut]:
    """List what one agreed to or took back, newest first."""
    return PageOut[ConsentEntryOut].of(scope.consents.list(caller.user_id, ask), ConsentEntryOut.of)


@privacy.put("/consents/{purpose}", status_code=204, responses=problems(409))
def answer(caller: Person, scope: ScopeDep, purpose: str, body: ConsentIn) -> None:
    """Agree to the wording that holds now, or take it back."""
    language = scope.accounts.by_number(caller.user_id).locale
    change = scope.consents.give if body.given else scope.consents.withdraw
    change(caller.user_id, purpose, source="portal", language=language)


async def _listed(runtime: RuntimeDep) -> ProcessorsOut:
    found = read_processors(runtime.settings.data_dir)
    listed = [ProcessorOut.of(one) for one in found.listed]
    return ProcessorsOut(contact=found.contact, updated=found.updated, processors=listed)


@processors.get("")
def list_(found: Annotated[ProcessorsOut, Depends(_listed)]) -> ProcessorsOut:
    """Tell who handles personal data for the operator. Anybody may know."""
    return found


def _fetch(runtime: Runtime, actor: Actor, public_id: bytes) -> DataExport:
    with runtime.scope(actor) as scope:
        return scope.exports.fetch(actor.user_id, public_id)


async def _pieces(runtime: Runtime, places: Places, found: DataExport) -> AsyncIterator[bytes]:
    """Read a piece at a time, each in a short transaction of its own."""
    for number in range(found.chunks):
        yield await places.run(_piece, runtime, found.id, number)


def _piece(runtime: Runtime, export_id: int, number: int) -> bytes:
    with runtime.read() as scope:
        return scope.exports.piece(export_id, number)
