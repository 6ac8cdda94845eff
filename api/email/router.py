"""`/v1/mail/stop`: end a kind of notification by the link in a mail, without signing in."""

from typing import Annotated

from fastapi import Query
from starlette.responses import RedirectResponse

from api.deps import PlacesDep, RuntimeDep
from api.openapi import problems
from api.routing import router
from api.schemas import Out
from ccmanage.core.errors import DomainError, Kind

mail = router("/v1/mail", "mail")

Token = Annotated[str, Query(max_length=300, description="What the link in the mail says.")]


class LinkUnknown(DomainError):
    """We did not make this link."""

    kind, code = Kind.NOT_FOUND, "emails.link_unknown"

    def __init__(self) -> None:
        super().__init__("This link is not whole. Open it from the mail once more.")


class StoppedOut(Out):
    """Which kind of mail no longer comes."""

    template: str


@mail.get("/stop", status_code=303, response_class=RedirectResponse)
async def open_(runtime: RuntimeDep, t: Token) -> RedirectResponse:
    """Lead a reader, whose mail program opened the link, to the page that asks first."""
    return RedirectResponse(runtime.stop_links.page(t), status_code=303)


@mail.post("/stop", responses=problems(404))
async def stop(runtime: RuntimeDep, places: PlacesDep, t: Token) -> StoppedOut:
    """Send no more mails of this kind to this address: one click, as RFC 8058 has it. Repeating it does no harm."""
    said = runtime.stop_links.read(t)
    if said is None:
        raise LinkUnknown
    await places.run(runtime.run, lambda scope: scope.email.stop(*said))
    return StoppedOut(template=said[1])
