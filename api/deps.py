"""What endpoints ask for: who is calling, and the transaction with its services.

The caller stands first in an endpoint's signature: then nobody who may not call opens a transaction. An endpoint
without a caller is public, and one can see it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

import anyio
from fastapi import Depends, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import idempotency
from api.accounts.browsers import Browsers
from api.accounts.factor_desk import FactorDesk
from api.accounts.signin import PasswordDesk
from api.accounts.signup import SignupDesk
from api.auth import SAFE_METHODS, Authenticator, Caller, NotSignedIn
from api.context import context_of
from api.places import Places
from ccmanage.accounts.errors import Unverified
from ccmanage.accounts.factor_errors import EnrolFirst, StepUpRequired
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.errors import Forbidden
from ccmanage.core.ids import WORKSPACE, decode_id
from ccmanage.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from ccmanage.keys.service import Keyring
from ccmanage.workspaces.errors import RoleTooLow, WorkspaceClosed, WorkspaceSuspended
from ccmanage.workspaces.members import Acting
from ccmanage.workspaces.models import MemberRole, WorkspaceState
from ccmanage.workspaces.service import Membership


class AdminsOnly(Forbidden):
    """The caller is no administrator."""

    code = "admins.only"

    def __init__(self) -> None:
        super().__init__("Only administrators may do this.")


@dataclass(frozen=True, slots=True)
class WorkspaceCaller:
    """A signed-in person as a member of the workspace that the request is about."""

    caller: Caller
    membership: Membership

    @property
    def user_id(self) -> int:
        """The inside number of the person."""
        return self.caller.user_id

    @property
    def workspace_id(self) -> int:
        """The inside number of the workspace."""
        return self.membership.workspace_id

    @property
    def own_only(self) -> int | None:
        """Return the person's number where they see and change only what is their own, else None."""
        return self.user_id if self.membership.role is MemberRole.MEMBER else None

    @property
    def acting(self) -> Acting:
        """Return who changes the workspace's members."""
        return Acting(self.workspace_id, self.user_id)

    @property
    def keyring(self) -> Keyring:
        """Return the keys that the person may see and change."""
        return Keyring(self.workspace_id, self.own_only)


def get_runtime(request: Request) -> Runtime:
    """Return the process's runtime."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def get_places(request: Request) -> Places:
    """Return the places for requests that use the database."""
    places: Places = request.app.state.places
    return places


def get_authenticator(request: Request) -> Authenticator:
    """Return what knows who is asking."""
    authenticator: Authenticator = request.app.state.authenticator
    return authenticator


async def _runtime(request: Request) -> Runtime:
    return get_runtime(request)


async def _authenticator(request: Request) -> Authenticator:
    return get_authenticator(request)


async def _password_desk(request: Request) -> PasswordDesk:
    desk: PasswordDesk = request.app.state.password_desk
    return desk


async def _factor_desk(request: Request) -> FactorDesk:
    desk: FactorDesk = request.app.state.factor_desk
    return desk


async def _places(request: Request) -> Places:
    return get_places(request)


async def _browsers(request: Request) -> Browsers:
    browsers: Browsers = request.app.state.browsers
    return browsers


async def _signup_desk(request: Request) -> SignupDesk:
    desk: SignupDesk = request.app.state.signup_desk
    return desk


RuntimeDep = Annotated[Runtime, Depends(_runtime)]
PlacesDep = Annotated[Places, Depends(_places)]
AuthenticatorDep = Annotated[Authenticator, Depends(_authenticator)]
FactorDeskDep = Annotated[FactorDesk, Depends(_factor_desk)]
PasswordDeskDep = Annotated[PasswordDesk, Depends(_password_desk)]
SignupDeskDep = Annotated[SignupDesk, Depends(_signup_desk)]
BrowsersDep = Annotated[Browsers, Depends(_browsers)]


async def identify(request: Request, authenticator: AuthenticatorDep) -> Caller | None:
    """Return who is asking, if anybody said so."""
    return await authenticator.identify(request)


Identified = Annotated[Caller | None, Depends(identify)]


async def arrived(who: Identified) -> Caller:
    """Require somebody who is signed in, even if all they can do is to confirm their mail address."""
    if who is None:
        raise NotSignedIn
    return who


Arrived = Annotated[Caller, Depends(arrived)]


async def signed_in(me: Arrived) -> Caller:
    """Require somebody whose address is confirmed, be it only to set up the second factor that is asked of them."""
    if not me.identity.is_verified:
        raise Unverified
    return me


SignedIn = Annotated[Caller, Depends(signed_in)]


async def person(me: SignedIn) -> Caller:
    """Require somebody who is signed in, with all that is asked of them."""
    if me.identity.must_enrol:
        raise EnrolFirst
    return me


Person = Annotated[Caller, Depends(person)]


async def step_up(me: SignedIn, authenticator: AuthenticatorDep) -> None:
    """Require a proof, not long ago, of who is acting: for deeds of weight. Stands after the caller."""
    if not await authenticator.is_fresh(me):
        raise StepUpRequired


StepUp = Annotated[None, Depends(step_up)]


async def admin(me: Person) -> Caller:
    """Require an administrator of the installation."""
    if not me.is_admin:
        raise AdminsOnly
    return me


Admin = Annotated[Caller, Depends(admin)]

_WorkspaceHeader = Annotated[
    str | None,
    Header(alias="X-Workspace", description="The workspace that is meant (`ws_…`); without it the personal one."),
]


def _member(role: MemberRole) -> Callable[..., Awaitable[WorkspaceCaller]]:
    async def member(
        request: Request, me: Person, authenticator: AuthenticatorDep, workspace: _WorkspaceHeader = None
    ) -> WorkspaceCaller:
        wanted = decode_id(WORKSPACE, workspace) if workspace else None
        membership = await authenticator.membership(me, wanted)
        if membership.role < role:
            raise RoleTooLow(role.name.lower())
        if request.method not in SAFE_METHODS and membership.state is not WorkspaceState.ACTIVE:
            raise WorkspaceClosed if membership.state is WorkspaceState.CLOSED else WorkspaceSuspended
        return WorkspaceCaller(me, membership)

    return member


_VIEWER, _MEMBER = _member(MemberRole.VIEWER), _member(MemberRole.MEMBER)
_MANAGER, _OWNER = _member(MemberRole.MANAGER), _member(MemberRole.OWNER)

WorkspaceViewer = Annotated[WorkspaceCaller, Depends(_VIEWER)]
WorkspaceMember = Annotated[WorkspaceCaller, Depends(_MEMBER)]
WorkspaceManager = Annotated[WorkspaceCaller, Depends(_MANAGER)]
WorkspaceOwner = Annotated[WorkspaceCaller, Depends(_OWNER)]

# The dependencies that make an endpoint one for callers; tests and the OpenAPI document look for them.
CALLERS: Final = frozenset({arrived, signed_in, person, admin, _VIEWER, _MEMBER, _MANAGER, _OWNER})


async def open_scope(request: Request, who: Identified) -> AsyncIterator[Scope]:
    """Open the request's transaction: read only for GET and HEAD. It ends before the answer is sent.

    Threads do the waiting, and closing is shielded: a request that is cancelled must not leave SQLite's one
    writer locked, or a connection open.
    """
    context = context_of(request)
    origin = (context.request_id, context.address)
    actor = who.actor(*origin) if who else Actor(0, *origin)
    runtime, writes = get_runtime(request), request.method not in SAFE_METHODS
    async with get_places(request).hold():
        scope = runtime.scope(actor) if writes else runtime.read(actor)
        await run_in_threadpool(scope.__enter__)
        try:
            if writes and who is not None and (key := idempotency.key_of(request)) is not None:
                body = await request.body()
                await run_in_threadpool(idempotency.look_up, request, scope, who.user_id, key, body)
            yield scope
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(scope.__exit__, type(error), error, error.__traceback__)
            raise
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(scope.__exit__, None, None, None)


# scope="function": otherwise FastAPI commits after the answer has left, and a failed commit has answered 200.
ScopeDep = Annotated[Scope, Depends(open_scope, scope="function")]


async def page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> PageRequest:
    """Read which page is asked for."""
    return PageRequest(limit, cursor)


PageDep = Annotated[PageRequest, Depends(page_request)]
