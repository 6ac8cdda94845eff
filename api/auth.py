"""Who is asking: bearer token or cookie, kept for two seconds, so that a request rarely needs a query for it."""

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from api.places import Places
from ccmanage.accounts.errors import ViewOnly
from ccmanage.accounts.models import Role
from ccmanage.accounts.sessions import LENGTH_MS, Identity
from ccmanage.accounts.token_errors import ScopeMissing
from ccmanage.accounts.token_rules import TokenScope, may
from ccmanage.audit.service import Actor
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.clock import MINUTE
from ccmanage.core.crypto import decode_secret, derive_key
from ccmanage.core.db import is_transient
from ccmanage.core.errors import Forbidden, Unauthenticated
from ccmanage.core.ids import SESSION, encode_id
from ccmanage.core.logging import get_logger
from ccmanage.core.security import ACCESS_TOKEN_PREFIX, GATEWAY_TOKEN_PREFIX
from ccmanage.workspaces.service import Membership

log = get_logger(__name__)

SESSION_COOKIE = "ccm_session"
CSRF_COOKIE = "ccm_csrf"
CSRF_HEADER = "x-csrf-token"
# A person's sessions, tokens, factors and archives, which nobody else looks at.
PRIVATE_PREFIXES = ("/v1/me/", "/v1/auth/")
ENDS_A_VIEW = frozenset({"/v1/auth/logout", "/v1/auth/view-as/end"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
KEPT_MS = 2_000
_MAX_KEPT = 20_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class NotSignedIn(Unauthenticated):
    """No credential came with the request."""

    def __init__(self) -> None:
        super().__init__("Sign in first.")


class CrossSite(Forbidden):
    """A cookie came with a request that our own pages did not make."""

    code = "csrf.refused"

    def __init__(self) -> None:
        super().__init__("The request did not come from the portal's own pages. Reload the page and try again.")


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person."""

    identity: Identity
    by_cookie: bool

    @property
    def user_id(self) -> int:
        """The inside number of the person."""
        return self.identity.user_id

    def actor(self, request_id: str, address: str) -> Actor:
        """Return who acts for the audit log: an administrator who looks as somebody stays the one who acts."""
        viewer = self.identity.viewer_user_id
        return Actor(viewer or self.user_id, request_id, address, as_user_id=self.user_id if viewer else 0)

    @property
    def is_admin(self) -> bool:
        """Tell whether the person administers the installation."""
        return self.identity.role is Role.ADMIN


class _Recent(Generic[K, V]):
    """Answers no older than two seconds. A revocation is seen everywhere within that time, here at once."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self._kept: OrderedDict[K, tuple[int, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return what is known and fresh."""
        found = self._kept.get(key)
        return found[1] if found and 0 <= self._clock.now_ms() - found[0] < KEPT_MS else None

    def put(self, key: K, asked_at: int, value: V) -> None:
        """Keep an answer, as old as its question."""
        self._kept.pop(key, None)
        self._kept[key] = (asked_at, value)
        while len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget an answer."""
        self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget all answers."""
        self._kept.clear()

    async def through(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """Return what is known, else ask and keep it."""
        known = self.get(key)
        if known is not None:
            return known
        asked_at = self._clock.now_ms()
        value = await ask()
        self.put(key, asked_at, value)
        return value


class Authenticator:
    """Turns credentials into callers, and callers into members of workspaces."""

    def __init__(self, runtime: Runtime, places: Places) -> None:
        self._runtime = runtime
        self._places = places
        self._identities: _Recent[str, Identity] = _Recent(runtime)
        self._memberships: _Recent[tuple[int, bytes | None], Membership] = _Recent(runtime)
        self._csrf_keys = [derive_key(decode_secret(secret), "csrf") for secret in runtime.settings.secret_keys]
        self._own_origin = _origin(runtime.settings.public_url)
        self._secure = runtime.settings.public_url.startswith("https://")
        self.session_cookie = f"__Host-{SESSION_COOKIE}" if self._secure else SESSION_COOKIE

    async def identify(self, request: Request) -> Caller | None:
        """Return who is asking, None where no credential came; raises Unauthenticated and CrossSite.

        A bearer token wins: whoever sends one does not rely on cookies that came along.
        """
        given = request.headers.get("authorization")
        if given is not None:
            scheme, _, token = given.partition(" ")
            if scheme.lower() != "bearer":
                raise NotSignedIn
            token = token.strip()
            if token.startswith(GATEWAY_TOKEN_PREFIX):
                return None  # a machine speaks for no person
            if token.startswith(ACCESS_TOKEN_PREFIX):
                return Caller(await self._script(request, token), by_cookie=False)
            caller = Caller(await self._identity(token), by_cookie=False)
            _check_view(request, caller)
            return caller
        token = request.cookies.get(self.session_cookie, "")
        if not token:
            return None
        caller = Caller(await self._identity(token), by_cookie=True)
        if request.method not in SAFE_METHODS:
            self._check_same_site(request, caller)
        _check_view(request, caller)
        return caller

    async def is_fresh(self, caller: Caller) -> bool:
        """Tell whether the person proved who they are not long ago. What is kept may be older than the proof.

        Scripts cannot prove anything; for them their maker chose a scope.
        """
        if caller.identity.scopes is not None:
            return TokenScope.SENSITIVE in TokenScope(caller.identity.scopes)
        session = encode_id(SESSION, caller.identity.session_public_id)
        if self._proved_lately(caller.identity):
            return True
        asked_at = self._runtime.clock.now_ms()
        identity = await self._places.run(self._look_up, session)
        self._identities.put(session, asked_at, identity)
        return self._proved_lately(identity)

    async def membership(self, caller: Caller, workspace: bytes | None) -> Membership:
        """Return the caller's place in a workspace, the personal one without an id; raises WorkspaceNotFound."""

        def ask() -> Membership:
            with self._runtime.read() as scope:
                return scope.workspaces.membership(caller.user_id, workspace)

        return await self._memberships.through((caller.user_id, workspace), lambda: self._places.run(ask))

    def forget(self, identity: Identity) -> None:
        """Let an ended session end at once in this process."""
        self._identities.drop(encode_id(SESSION, identity.session_public_id))

    def forget_all(self) -> None:
        """Let every change of people and memberships be seen at once in this process."""
        self._identities.clear()
        self._memberships.clear()

    def set_cookies(self, response: Response, token: str, session_public_id: bytes) -> None:
        """Give the portal its session, and the token that proves a request is made by its pages."""
        csrf = self._csrf(self._csrf_keys[0], session_public_id)
        options: dict[str, Any] = {"max_age": LENGTH_MS // 1000, "secure": self._secure, "samesite": "lax"}
        response.set_cookie(self.session_cookie, token, httponly=True, **options)
        response.set_cookie(CSRF_COOKIE, csrf, httponly=False, **options)

    def clear_cookies(self, response: Response) -> None:
        """Take both cookies back."""
        for name, hidden in ((self.session_cookie, True), (CSRF_COOKIE, False)):
            response.delete_cookie(name, secure=self._secure, httponly=hidden, samesite="lax")

    def _proved_lately(self, identity: Identity) -> bool:
        age = self._runtime.clock.now_ms() - identity.stepped_up_at
        return age < self._runtime.settings.step_up_minutes * MINUTE

    async def _identity(self, token: str) -> Identity:
        claims = self._runtime.tokens.verify(token, self._runtime.clock.now_ms())
        return await self._identities.through(claims.session, lambda: self._places.run(self._look_up, claims.session))

    async def _script(self, request: Request, token: str) -> Identity:
        # Kept under a digest: a dump of this process's memory shall not hand out tokens.
        key = hashlib.sha256(token.encode()).hexdigest()
        identity = await self._identities.through(key, lambda: self._places.run(self._look_up_script, token))
        scopes = TokenScope(identity.scopes or 0)
        if not may(scopes, request.method, request.scope["path"]):
            raise ScopeMissing
        return identity

    def _look_up_script(self, token: str) -> Identity:
        with self._runtime.read() as scope:
            identity = scope.tokens.identify(token)
            due = scope.tokens.is_due(identity)
        if due:
            self._touch(lambda scope: scope.tokens.touch(identity))
        return identity

    def _look_up(self, session: str) -> Identity:
        with self._runtime.read() as scope:
            identity = scope.sessions.identify(session)
            due = scope.sessions.is_due(identity)
        if due:
            self._touch(lambda scope: scope.sessions.touch(identity))
        return identity

    def _touch(self, note: Callable[[Scope], None]) -> None:
        try:
            with self._runtime.scope() as scope:
                note(scope)
        except Exception as error:
            # A busy database shall not keep a person out for the sake of a time stamp.
            if not is_transient(error):
                raise
            log.warning("session_not_touched", error=str(error)[:200])

    def _check_same_site(self, request: Request, caller: Caller) -> None:
        origin = _origin(request.headers.get("origin", ""))
        host = request.headers.get("host", "").lower()
        if not origin or (origin != self._own_origin and origin.partition("://")[2] != host):
            raise CrossSite
        sent = request.headers.get(CSRF_HEADER, "").encode()
        if not hmac.compare_digest(sent, request.cookies.get(CSRF_COOKIE, "").encode()):
            raise CrossSite
        expected = [self._csrf(key, caller.identity.session_public_id).encode() for key in self._csrf_keys]
        if not any(hmac.compare_digest(sent, text) for text in expected):
            raise CrossSite

    @staticmethod
    def _csrf(key: bytes, session_public_id: bytes) -> str:
        return base64.urlsafe_b64encode(hmac.digest(key, session_public_id, "sha256")).decode().rstrip("=")


def _check_view(request: Request, caller: Caller) -> None:
    """Let whoever looks as somebody read what that person's portal shows, and nothing that is only theirs.

    It stands here, in front of every route: one that is added later is refused by itself.
    """
    if not caller.identity.viewer_user_id:
        return
    path: str = request.scope["path"]
    if request.method in SAFE_METHODS:
        if path.startswith(PRIVATE_PREFIXES):
            raise ViewOnly
    elif path not in ENDS_A_VIEW:
        raise ViewOnly


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""
