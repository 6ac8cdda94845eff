"""Use cases around sign-ins: who is it, start, touch, prove, list, end."""

from collections.abc import Callable
from dataclasses import dataclass

from ccmanage.accounts.devices import device_of, network_of
from ccmanage.accounts.models import Role, SessionMethod, User, UserSession, UserState
from ccmanage.accounts.repository import SessionRepository
from ccmanage.accounts.values import Credentials
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, MINUTE, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import NotFound, Unauthenticated
from ccmanage.core.ids import SESSION, USER, decode_id, encode_id, new_id
from ccmanage.core.jwt import Claims, Tokens
from ccmanage.core.pagination import Page, PageRequest

LENGTH_MS = DAY
TOUCH_MS = MINUTE
_FORGET_ROWS = 1_000
_MAX_DEVICE = 200


class SessionEnded(Unauthenticated):
    """The token was ours once; its session is over."""

    code = "accounts.session_ended"

    def __init__(self) -> None:
        super().__init__("The session has ended. Sign in again.")


class SessionNotFound(NotFound):
    """There is no such session of this person."""

    code = "accounts.session_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such session, or it has ended already.")


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a session may lie unused and is kept, and of whom a second factor is demanded."""

    idle_ms: int
    admins_need_factor: Callable[[], bool]
    # For how long a sign-in that has run out stays on record.
    kept_ms: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """A sign-in as its owner sees it. Where from is told by network, not by address."""

    public_id: bytes
    browser: str
    system: str
    network: str
    method: SessionMethod
    created_at: int
    last_seen_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in, by which session or, with scopes, by which token of theirs."""

    user_id: int
    user_public_id: bytes
    role: Role
    session_id: int
    session_public_id: bytes
    last_seen_at: int
    stepped_up_at: int = 0
    must_enrol: bool = False
    scopes: int | None = None
    # Where an administrator looks as this person: who, and by which session of theirs.
    viewer_user_id: int = 0
    viewer_session_id: int = 0
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class Started:
    """A new sign-in and the only copy of its token."""

    token: str
    session_public_id: bytes
    expires_at: int


class SessionService:
    """Sign-ins. A token is only as good as its row: ending the row ends the token."""

    def __init__(
        self,
        repository: SessionRepository,
        ring: KeyRing,
        tokens: Tokens,
        clock: Clock,
        audit: AuditService,
        policy: Policy,
    ) -> None:
        self._repository = repository
        self._ring = ring
        self._tokens = tokens
        self._clock = clock
        self._audit = audit
        self._policy = policy

    def start(
        self, who: Credentials, *, address: str, device: str, method: SessionMethod = SessionMethod.PASSWORD
    ) -> Started:
        """Sign a person in for 24 hours at most. Whoever has just proved who they are need not do so again soon."""
        public_id, now = new_id(), self._clock.now_ms()
        place = public_id.hex()
        self._repository.add(
            UserSession(
                public_id=public_id,
                user_id=who.user_id,
                network_sealed=self._ring.encrypt(address, f"sessions.network:{place}"),
                device_sealed=self._ring.encrypt(device[:_MAX_DEVICE], f"sessions.device:{place}"),
                method=method,
                stepped_up_at=now,
                created_at=now,
                last_seen_at=now,
                expires_at=now + LENGTH_MS,
                ended_at=None,
            )
        )
        session_id = encode_id(SESSION, public_id)
        user_id = encode_id(USER, who.public_id)
        self._audit.record("accounts.sign_in", ("user", user_id), after={"session": session_id})
        token = self._tokens.issue(Claims(user_id, session_id, now, now + LENGTH_MS))
        return Started(token, public_id, now + LENGTH_MS)

    def refused(self, who: Credentials) -> None:
        """Record that somebody tried to sign in as a known person and failed."""
        self._audit.record("accounts.sign_in_refused", ("user", encode_id(USER, who.public_id)))

    def identify(self, session_id: str) -> Identity:
        """Return who holds the session named in a token; raises SessionEnded."""
        found = self._repository.with_user(decode_id(SESSION, session_id))
        now = self._clock.now_ms()
        if found is None:
            raise SessionEnded
        session, user = found
        idle = now - session.last_seen_at > self._policy.idle_ms
        if session.ended_at is not None or now >= session.expires_at or idle or user.state != UserState.ACTIVE:
            raise SessionEnded
        if session.viewer_user_id:
            self._check_viewing(session, user, now)
        return Identity(
            user_id=user.id,
            user_public_id=user.public_id,
            role=Role(user.role),
            session_id=session.id,
            session_public_id=session.public_id,
            last_seen_at=session.last_seen_at,
            stepped_up_at=session.stepped_up_at,
            must_enrol=not session.viewer_user_id and self._must_enrol(session, user),
            viewer_user_id=session.viewer_user_id,
            viewer_session_id=session.viewer_session_id,
            is_verified=bool(session.viewer_user_id) or user.email_verified_at is not None,
        )

    def _check_viewing(self, session: UserSession, user: User, now: int) -> None:
        """Let a view as somebody end with what it hangs on: the session of somebody who still administers."""
        found = self._repository.with_viewer(session.viewer_session_id)
        if found is None or user.role != Role.USER:
            raise SessionEnded
        parent, viewer = found
        over = parent.ended_at is not None or now >= parent.expires_at
        if over or viewer.state != UserState.ACTIVE or viewer.role != Role.ADMIN:
            raise SessionEnded

    def is_due(self, identity: Identity) -> bool:
        """Tell whether the session's use is to be noted: at most once a minute."""
        return self._clock.now_ms() - identity.last_seen_at >= TOUCH_MS

    def touch(self, identity: Identity) -> None:
        """Note that the session is in use."""
        self._repository.touch(identity.session_id, self._clock.now_ms())

    def prove(self, identity: Identity) -> None:
        """Note that the person has proved anew who they are."""
        self._repository.prove(identity.session_id, self._clock.now_ms())
        self._audit.record("accounts.step_up", ("user", encode_id(USER, identity.user_public_id)))

    def page_of(self, user_id: int, ask: PageRequest) -> Page[SessionView]:
        """Return a person's sign-ins that are open, newest first."""
        now = self._clock.now_ms()
        idle_since = now - self._policy.idle_ms
        return self._repository.page_of_open(user_id, ask, now=now, idle_since=idle_since).map(self._viewed)

    def end_one(self, identity: Identity, public_id: bytes) -> None:
        """End one of one's sessions, the current one too; raises SessionNotFound."""
        session = self._repository.by_public_id(public_id)
        if session is None or session.user_id != identity.user_id:
            raise SessionNotFound
        if not self._repository.end(session.id, self._clock.now_ms()):
            raise SessionNotFound
        after = {"session": encode_id(SESSION, public_id)}
        self._audit.record("accounts.end_session", ("user", encode_id(USER, identity.user_public_id)), after=after)

    def end_others(self, identity: Identity) -> int:
        """End all of one's sessions but the current one; returns how many."""
        ended = self._repository.end_all_of(identity.user_id, self._clock.now_ms(), keep=identity.session_id)
        if ended:
            user = ("user", encode_id(USER, identity.user_public_id))
            self._audit.record("accounts.end_other_sessions", user, after={"sessions_ended": ended})
        return ended

    def end(self, identity: Identity) -> None:
        """Sign out. A second time changes nothing."""
        if self._repository.end(identity.session_id, self._clock.now_ms()):
            self._audit.record("accounts.sign_out", ("user", encode_id(USER, identity.user_public_id)))

    def forget_stale(self) -> bool:
        """Delete some sign-ins that ran out long ago; tells whether more are left. Who signed in stays on record."""
        before = self._clock.now_ms() - self._policy.kept_ms
        return self._repository.forget_expired(before, _FORGET_ROWS) == _FORGET_ROWS

    def _must_enrol(self, session: UserSession, user: User) -> bool:
        if SessionMethod(session.method).is_strong:
            return False
        return bool(user.factor_required) or (user.role == Role.ADMIN and self._policy.admins_need_factor())

    def _viewed(self, session: UserSession) -> SessionView:
        place = session.public_id.hex()
        browser, system = device_of(self._ring.decrypt(session.device_sealed, f"sessions.device:{place}"))
        address = self._ring.decrypt(session.network_sealed, f"sessions.network:{place}")
        return SessionView(
            public_id=session.public_id,
            browser=browser,
            system=system,
            network=network_of(address),
            method=SessionMethod(session.method),
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
        )
