"""The time between the two steps of a sign-in."""

import hmac
from dataclasses import dataclass

from ccmanage.accounts.factor_errors import ChallengeOver
from ccmanage.accounts.factor_models import SignInChallenge
from ccmanage.accounts.factor_repository import ChallengeRepository
from ccmanage.accounts.factors import FactorService
from ccmanage.accounts.models import SessionMethod
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.sessions import SessionService, Started
from ccmanage.accounts.values import Credentials
from ccmanage.core.clock import DAY, MINUTE, Clock
from ccmanage.core.ids import CHALLENGE, USER, decode_id, encode_id, new_id
from ccmanage.core.jwt import Claims, Tokens
from ccmanage.core.security import Digester

LENGTH_MS = 5 * MINUTE
MAX_ATTEMPTS = 5
_FORGET_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Challenge:
    """The first step is done; with this token and a code the second can be."""

    token: str
    expires_at: int


class ChallengeService:
    """Half-finished sign-ins: a token that is worth nothing without a code, for minutes, once, on one device."""

    def __init__(
        self,
        repository: ChallengeRepository,
        services: tuple[AccountService, FactorService, SessionService],
        tokens: Tokens,
        digester: Digester,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._accounts, self._factors, self._sessions = services
        self._tokens = tokens
        self._digester = digester
        self._clock = clock

    def open(self, who: Credentials, *, device: str) -> Challenge:
        """Note that somebody's password was right."""
        public_id, now = new_id(), self._clock.now_ms()
        self._repository.add(
            SignInChallenge(
                public_id=public_id,
                user_id=who.user_id,
                binding=self._binding(who, device),
                attempts=0,
                created_at=now,
                expires_at=now + LENGTH_MS,
                used_at=None,
            )
        )
        claims = Claims(encode_id(USER, who.public_id), encode_id(CHALLENGE, public_id), now, now + LENGTH_MS)
        return Challenge(self._tokens.issue(claims), now + LENGTH_MS)

    def answer(self, token: str, code: str, *, address: str, device: str) -> Started | None:
        """Finish a sign-in; None where the code was wrong, which is counted: commit all the same.

        Raises ChallengeOver and CodesThrottled. A changed password ends what was begun with the old one.
        """
        claims, now = self._tokens.verify(token, self._clock.now_ms()), self._clock.now_ms()
        found = self._repository.by_public_id(decode_id(CHALLENGE, claims.session))
        challenge = None if found is None else self._repository.lock(found.id)
        if challenge is None or challenge.used_at is not None or challenge.expires_at <= now:
            raise ChallengeOver
        who = self._accounts.credentials(challenge.user_id)
        bound = hmac.compare_digest(challenge.binding, self._binding(who, device))
        if not bound or not who.is_active or challenge.attempts >= MAX_ATTEMPTS:
            raise ChallengeOver
        challenge.attempts += 1
        if not self._factors.check(who.user_id, code):
            return None
        challenge.used_at = now
        return self._sessions.start(who, address=address, device=device, method=SessionMethod.FACTOR)

    def forget_stale(self) -> bool:
        """Delete some challenges that ran out a day ago; tells whether more are left."""
        return self._repository.forget_expired(self._clock.now_ms() - DAY, _FORGET_ROWS) == _FORGET_ROWS

    def _binding(self, who: Credentials, device: str) -> bytes:
        return self._digester.digest(f"challenge:{who.password_hash or ''}\0{device}")
