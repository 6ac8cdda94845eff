"""One's names at the identity provider: see them, link another, take one away."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.accounts.identity_schemas import IdentitiesOut, IdentityOut, ProviderUrlOut
from api.accounts.provider import ClientDep, give_ticket
from api.deps import Person, RuntimeDep, ScopeDep, StepUp
from api.openapi import problems
from api.routing import router
from ccmanage.core.ids import IDENTITY, USER, decode_id, encode_id

identities = router("/v1/me/identities", "identities")

_BACK = "/security"


@identities.get("")
def list_(caller: Person, scope: ScopeDep) -> IdentitiesOut:
    """List with which names at the identity provider one can sign in."""
    return IdentitiesOut(items=[IdentityOut.of(one) for one in scope.identities.of(caller.user_id)])


@identities.post("/link", responses=problems(404, 503))
async def link(
    caller: Person, fresh: StepUp, client: ClientDep, runtime: RuntimeDep, response: Response
) -> ProviderUrlOut:
    """Begin to link a name at the identity provider: send the browser to `url`. It comes back to the portal."""
    person = encode_id(USER, caller.identity.user_public_id)
    url, ticket = await run_in_threadpool(client.begin, _BACK, links=person)
    give_ticket(runtime, response, ticket)
    return ProviderUrlOut(url=url)


@identities.post("/{identity_id}/unlink", status_code=204, responses=problems(409))
def unlink(caller: Person, fresh: StepUp, scope: ScopeDep, identity_id: str) -> None:
    """Take a name away, unless nothing else would be left to sign in with."""
    scope.identities.unlink(caller.user_id, decode_id(IDENTITY, identity_id))
