"""Links in mails: 256 random bits, stored as a digest, good once, for a while, while their ground stands."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from ccmanage.accounts.errors import LinkDead
from ccmanage.accounts.models import User, UserState
from ccmanage.accounts.proof_models import Proof, Purpose
from ccmanage.accounts.proof_repository import ProofRepository
from ccmanage.accounts.repository import AccountRepository
from ccmanage.core.clock import DAY, HOUR, MINUTE, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.security import Digester

LASTS_MS: Final = {
    Purpose.VERIFY: DAY,
    Purpose.RESET: 30 * MINUTE,
    Purpose.CHANGE_ADDRESS: DAY,
    Purpose.UNDO_ADDRESS: 7 * DAY,
    Purpose.INVITED: 7 * DAY,
}
MOST_AN_HOUR: Final = 5
_KEPT_MS = 30 * DAY
_FORGET_ROWS = 1_000
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose link it was, and what was put into it."""

    user: User
    payload: str


class ProofService:
    """Makes links and takes them back. A token is never logged and never stored."""

    def __init__(
        self, repository: ProofRepository, people: AccountRepository, ring: KeyRing, digester: Digester, clock: Clock
    ) -> None:
        self._repository = repository
        self._people = people
        self._ring = ring
        self._digester = digester
        self._clock = clock

    def issue(self, user: User, purpose: Purpose, payload: str = "") -> str:
        """Make a link's token; earlier ones of the same purpose die, except those that undo."""
        now, token = self._clock.now_ms(), secrets.token_urlsafe(_TOKEN_BYTES)
        if purpose is not Purpose.UNDO_ADDRESS:
            self._repository.use_up(user.id, [purpose], now)
        digest = self._digester.digest(token)
        self._repository.add(
            Proof(
                token_digest=digest,
                user_id=user.id,
                purpose=purpose,
                bound=self._bound(user, purpose),
                payload_sealed=self._ring.encrypt(payload, f"proofs.payload:{digest.hex()}"),
                created_at=now,
                expires_at=now + LASTS_MS[purpose],
                used_at=None,
            )
        )
        return token

    def look(self, token: str, *purposes: Purpose) -> Proven:
        """Return whose link it is without using it; raises LinkDead."""
        proof = self._repository.by_digest(self._digester.digest(token))
        now = self._clock.now_ms()
        if proof is None or proof.purpose not in purposes or proof.used_at is not None or proof.expires_at <= now:
            raise LinkDead
        user = self._people.lock(proof.user_id)
        if user is None or user.state != UserState.ACTIVE:
            raise LinkDead
        if not hmac.compare_digest(proof.bound, self._bound(user, Purpose(proof.purpose))):
            raise LinkDead
        return Proven(user, self._opened(proof))

    def redeem(self, token: str, *purposes: Purpose) -> Proven:
        """Use a link; raises LinkDead for one that is unknown, used, old, or whose ground has changed."""
        proven = self.look(token, *purposes)
        proof = self._repository.by_digest(self._digester.digest(token))
        if proof is None or not self._repository.use(proof.id, self._clock.now_ms()):
            raise LinkDead
        return proven

    def revoke(self, user_id: int, *purposes: Purpose) -> None:
        """Let all open links of some purposes die."""
        self._repository.use_up(user_id, purposes, self._clock.now_ms())

    def is_too_often(self, user_id: int, purpose: Purpose) -> bool:
        """Tell whether a person has had as many links of a purpose within the hour as anybody gets."""
        since = self._clock.now_ms() - HOUR
        return self._repository.issued_since(user_id, purpose, since) >= MOST_AN_HOUR

    def pending(self, user_id: int, purpose: Purpose) -> tuple[str, int] | None:
        """Return what the latest open link holds and when it ends."""
        proof = self._repository.newest_open(user_id, purpose, self._clock.now_ms())
        return None if proof is None else (self._opened(proof), proof.expires_at)

    def forget_stale(self) -> bool:
        """Delete some links that ran out a month ago; tells whether more are left."""
        return self._repository.forget_expired(self._clock.now_ms() - _KEPT_MS, _FORGET_ROWS) == _FORGET_ROWS

    def _bound(self, user: User, purpose: Purpose) -> bytes:
        # Whoever stole an account may change its password: what undoes the theft must outlive that.
        ground = "" if purpose is Purpose.UNDO_ADDRESS else f"{user.email_index.hex()} {user.password_hash}"
        return self._digester.digest(f"proofs/{purpose.name} {ground}")

    def _opened(self, proof: Proof) -> str:
        return self._ring.decrypt(proof.payload_sealed, f"proofs.payload:{proof.token_digest.hex()}")
