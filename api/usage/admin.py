"""Events that could not be settled, for administrators."""

from typing import Annotated, Literal

from fastapi import Query

from api.deps import Admin, PageDep, ScopeDep
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut, ReasonIn
from api.usage.schemas import QuarantineOut, RedriveIn, RedriveOut
from ccmanage.core.ids import GATEWAY, KEY, QUARANTINE, decode_id

quarantine = router("/v1/admin/quarantine", "admin quarantine")


@quarantine.get("", responses=problems(404))
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    state: Literal["open", "resolved"] = "open",
    code: Annotated[str | None, Query(max_length=64)] = None,
    gateway_id: Annotated[str | None, Query(max_length=64)] = None,
) -> PageOut[QuarantineOut]:
    """List events that could not be settled, newest first."""
    gateway = scope.gateways.get(decode_id(GATEWAY, gateway_id)).id if gateway_id is not None else None
    page = scope.quarantine.page(ask, is_open=state == "open", code=code, gateway_id=gateway)
    names = scope.gateways.named(row.gateway_id for row in page.items)
    return PageOut[QuarantineOut].of(page, lambda row: QuarantineOut.of(row, names.get(row.gateway_id)))


@quarantine.post("/{quarantine_id}/redrive")
def redrive(caller: Admin, scope: ScopeDep, quarantine_id: str, body: RedriveIn) -> RedriveOut:
    """Post an event anew, under another key if one is given."""
    key_id = scope.keys.known(decode_id(KEY, body.key_id)) if body.key_id is not None else None
    return RedriveOut(batch_id=scope.quarantine.redrive(decode_id(QUARANTINE, quarantine_id), key_id=key_id).batch_id)


@quarantine.post("/{quarantine_id}/dismiss")
def dismiss(caller: Admin, scope: ScopeDep, quarantine_id: str, body: ReasonIn) -> QuarantineOut:
    """Put an event away uncharged. It stays on record."""
    row = scope.quarantine.dismiss(decode_id(QUARANTINE, quarantine_id), body.reason)
    return QuarantineOut.of(row, scope.gateways.named([row.gateway_id]).get(row.gateway_id))
