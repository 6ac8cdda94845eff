"""Looking at the portal as somebody else: administrators only, read only, half an hour at most, on record.

It is a session of the person who is looked at, which names whose session it hangs on. It ends with that one, and
with everything that ends the person's or the administrator's sign-ins.
"""

from dataclasses import dataclass
from typing import Final

from ccmanage.accounts.errors import CannotViewAs, NotViewing, UserNotFound
from ccmanage.accounts.models import Role, User, UserSession, UserState
from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.accounts.sessions import Identity, SessionEnded, Started
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import MINUTE, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.ids import SESSION, USER, encode_id, new_id
from ccmanage.core.jwt import Claims, Tokens

LASTS_MS: Final = 30 * MINUTE
_MAX_DEVICE = 200


@dataclass(frozen=True, slots=True)
class Viewing:
    """Who looks, and until when."""

    viewer_user_id: int
    expires_at: int


class ViewingService:
    """Views as somebody else."""

    def __init__(
        self,
        people: AccountRepository,
        sessions: SessionRepository,
        ring: KeyRing,
        tokens: Tokens,
        clock: Clock,
        audit: AuditService,
    ) -> None:
        self._people = people
        self._sessions = sessions
        self._ring = ring
        self._tokens = tokens
        self._clock = clock
        self._audit = audit

    def start(self, me: Identity, public_id: bytes, *, reason: str, address: str, device: str) -> Started:
        """Look as somebody; what this session looked at before ends. Raises UserNotFound and CannotViewAs."""
        user = self._people.by_public_id(public_id)
        if user is None:
            raise UserNotFound
        parent = self._sessions.get(me.session_id)
        if parent is None or user.id == me.user_id or user.role != Role.USER or user.state != UserState.ACTIVE:
            raise CannotViewAs
        now, session_public_id = self._clock.now_ms(), new_id()
        self._sessions.end_viewings(me.session_id, now)
        place, expires_at = session_public_id.hex(), min(now + LASTS_MS, parent.expires_at)
        self._sessions.add(
            UserSession(
                public_id=session_public_id,
                user_id=user.id,
                network_sealed=self._ring.encrypt(address, f"sessions.network:{place}"),
                device_sealed=self._ring.encrypt(device[:_MAX_DEVICE], f"sessions.device:{place}"),
                created_at=now,
                last_seen_at=now,
                expires_at=expires_at,
                ended_at=None,
                viewer_user_id=me.user_id,
                viewer_session_id=me.session_id,
            )
        )
        session_id = encode_id(SESSION, session_public_id)
        after = {"session": session_id, "minutes": (expires_at - now) // MINUTE}
        self._audit.record("accounts.view_as", _subject(user), after=after, reason=reason)
        return self._started(user, session_public_id, now, expires_at)

    def end(self, me: Identity) -> Started:
        """Stop looking; returns the administrator's own session. Raises NotViewing and SessionEnded."""
        if not me.viewer_user_id:
            raise NotViewing
        now = self._clock.now_ms()
        user, viewer = self._people.get(me.user_id), self._people.get(me.viewer_user_id)
        parent = self._sessions.get(me.viewer_session_id)
        if user is not None and self._sessions.end(me.session_id, now):
            after = {"session": encode_id(SESSION, me.session_public_id)}
            self._audit.record("accounts.view_as_end", _subject(user), after=after)
        if viewer is None or parent is None or parent.ended_at is not None or parent.expires_at <= now:
            raise SessionEnded
        return self._started(viewer, parent.public_id, now, parent.expires_at)

    def shown(self, me: Identity) -> Viewing | None:
        """Return who looks as this person by this session, if anybody does."""
        session = self._sessions.get(me.session_id) if me.viewer_user_id else None
        return None if session is None else Viewing(session.viewer_user_id, session.expires_at)

    def _started(self, user: User, session_public_id: bytes, now: int, expires_at: int) -> Started:
        claims = Claims(encode_id(USER, user.public_id), encode_id(SESSION, session_public_id), now, expires_at)
        return Started(self._tokens.issue(claims), session_public_id, expires_at)


def _subject(user: User) -> tuple[str, str]:
    return ("user", encode_id(USER, user.public_id))
