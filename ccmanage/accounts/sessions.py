"""Use cases around sign-ins: who is it, start, touch, end."""

from dataclasses import dataclass

from ccmanage.accounts.models import Role, UserSession, UserState
from ccmanage.accounts.repository import SessionRepository
from ccmanage.accounts.service import Credentials
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, MINUTE, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import Unauthenticated
from ccmanage.core.ids import SESSION, USER, decode_id, encode_id, new_id
from ccmanage.core.jwt import Claims, Tokens

LENGTH_MS = DAY
TOUCH_MS = MINUTE
KEPT_MS = 30 * DAY
_FORGET_ROWS = 1_000
_MAX_DEVICE = 200


class SessionEnded(Unauthenticated):
    """The token was ours once; its session is over."""

    code = "accounts.session_ended"

    def __init__(self) -> None:
        super().__init__("The session has ended. Sign in again.")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in, by which session."""

    user_id: int
    user_public_id: bytes
    role: Role
    session_id: int
    session_public_id: bytes
    last_seen_at: int


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
        idle_ms: int,
    ) -> None:
        self._repository = repository
        self._ring = ring
        self._tokens = tokens
        self._clock = clock
        self._audit = audit
        self._idle_ms = idle_ms

    def start(self, who: Credentials, *, address: str, device: str) -> Started:
        """Sign a person in for 24 hours at most."""
        public_id, now = new_id(), self._clock.now_ms()
        place = public_id.hex()
        self._repository.add(
            UserSession(
                public_id=public_id,
                user_id=who.user_id,
                network_sealed=self._ring.encrypt(address, f"sessions.network:{place}"),
                device_sealed=self._ring.encrypt(device[:_MAX_DEVICE], f"sessions.device:{place}"),
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
        over = session.ended_at is not None or now >= session.expires_at or now - session.last_seen_at > self._idle_ms
        if over or user.state != UserState.ACTIVE:
            raise SessionEnded
        return Identity(
            user_id=user.id,
            user_public_id=user.public_id,
            role=Role(user.role),
            session_id=session.id,
            session_public_id=session.public_id,
            last_seen_at=session.last_seen_at,
        )

    def is_due(self, identity: Identity) -> bool:
        """Tell whether the session's use is to be noted: at most once a minute."""
        return self._clock.now_ms() - identity.last_seen_at >= TOUCH_MS

    def touch(self, identity: Identity) -> None:
        """Note that the session is in use."""
        self._repository.touch(identity.session_id, self._clock.now_ms())

    def end(self, identity: Identity) -> None:
        """Sign out. A second time changes nothing."""
        if self._repository.end(identity.session_id, self._clock.now_ms()):
            self._audit.record("accounts.sign_out", ("user", encode_id(USER, identity.user_public_id)))

    def forget_stale(self) -> bool:
        """Delete some sign-ins that ran out a month ago; tells whether more are left. Who signed in stays on record."""
        return self._repository.forget_expired(self._clock.now_ms() - KEPT_MS, _FORGET_ROWS) == _FORGET_ROWS
