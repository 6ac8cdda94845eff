"""One's sign-ins: see them, end them."""

from starlette.responses import Response

from api.accounts.factor_schemas import SessionOut, SessionsEndedOut
from api.deps import AuthenticatorDep, PageDep, Person, ScopeDep
from api.routing import router
from api.schemas import PageOut
from ccmanage.core.ids import SESSION, decode_id

sessions = router("/v1/me/sessions", "sessions")


@sessions.get("")
def list_(caller: Person, scope: ScopeDep, ask: PageDep) -> PageOut[SessionOut]:
    """List one's open sessions, newest first."""
    page = scope.sessions.page_of(caller.user_id, ask)
    return PageOut[SessionOut].of(page, lambda session: SessionOut.of(session, caller.identity.session_public_id))


@sessions.post("/end-others")
def end_others(caller: Person, scope: ScopeDep, authenticator: AuthenticatorDep) -> SessionsEndedOut:
    """End all of one's sessions but this one."""
    ended = scope.sessions.end_others(caller.identity)
    authenticator.forget_all()
    return SessionsEndedOut(ended=ended)


@sessions.post("/{session_id}/end", status_code=204)
def end(caller: Person, scope: ScopeDep, session_id: str, response: Response, authenticator: AuthenticatorDep) -> None:
    """End one of one's sessions; the current one like signing out."""
    public_id = decode_id(SESSION, session_id)
    scope.sessions.end_one(caller.identity, public_id)
    authenticator.forget_all()
    if public_id == caller.identity.session_public_id:
        authenticator.clear_cookies(response)
