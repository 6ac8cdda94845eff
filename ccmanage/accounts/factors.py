"""Use cases around second factors: enrol, check a code, recover, turn off, demand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pyotp

from ccmanage.accounts import factor_rules as rules
from ccmanage.accounts.errors import UserNotFound
from ccmanage.accounts.factor_errors import CodesThrottled, FactorMissing, FactorNeeded, WrongCode
from ccmanage.accounts.factor_models import SecondFactor
from ccmanage.accounts.factor_repository import FactorRepository
from ccmanage.accounts.models import Role, SessionMethod, User
from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import SECOND, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import FieldError
from ccmanage.core.ids import USER, encode_id, new_id
from ccmanage.core.security import Digester

ISSUER = "ccmanage"


class Tell(Protocol):
    """Tells a person by mail that something about their sign-in changed; the composition root passes it in."""

    def factor_changed(self, user: User, change: str) -> None:
        """Tell which change was made: `on`, `off`, `reset` or `codes`."""
        ...


@dataclass(frozen=True, slots=True)
class FactorState:
    """What a person's second factor is like."""

    enabled: bool
    required: bool
    confirmed_at: int | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new secret, for the eyes of its owner and their authenticator."""

    secret: str
    uri: str
    picture: str


class FactorService:
    """Second factors of people (time-based codes, RFC 6238)."""

    def __init__(
        self,
        repository: FactorRepository,
        people: tuple[AccountRepository, SessionRepository],
        keys: tuple[KeyRing, Digester],
        clock: Clock,
        audit: AuditService,
        above: tuple[Callable[[], bool], Tell],
    ) -> None:
        self._repository = repository
        self._people, self._sessions = people
        self._ring, self._digester = keys
        self._clock = clock
        self._audit = audit
        self._admins_need_it, self._tell = above

    def state(self, user_id: int) -> FactorState:
        """Return what a person's factor is like."""
        factor = self._repository.of(user_id)
        enabled = _is_on(factor)
        return FactorState(
            enabled=enabled,
            required=self._is_required(self._user(user_id)),
            confirmed_at=factor.confirmed_at if factor and enabled else None,
            codes_left=self._repository.codes_left(user_id) if enabled else 0,
        )

    def is_on(self, user_id: int) -> bool:
        """Tell whether a code is asked of this person at sign-in."""
        return _is_on(self._repository.of(user_id))

    def begin(self, user_id: int) -> Enrolment:
        """Make a secret. It counts once `confirm` has seen a code of it; until then an older one stays."""
        user, secret = self._user(user_id), pyotp.random_base32()
        factor = self._repository.locked(user_id)
        if factor is None:
            factor = self._repository.add(
                SecondFactor(
                    public_id=new_id(),
                    user_id=user_id,
                    secret_sealed=None,
                    pending_sealed=None,
                    last_step=0,
                    failures=0,
                    next_attempt_at=0,
                    confirmed_at=None,
                    created_at=self._clock.now_ms(),
                )
            )
        factor.pending_sealed = self._ring.encrypt(secret, _place(factor, "pending"))
        self._record("accounts.enrol_factor", user)
        email = self._ring.decrypt(user.email_sealed, f"users.email:{user.public_id.hex()}")
        import segno  # five megabytes, for a picture that people see once in years

        uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
        return Enrolment(secret, uri, segno.make(uri, error="m").svg_data_uri(scale=4, border=2, light="#fff"))

    def confirm(self, user_id: int, code: str, *, session_id: int) -> list[str]:
        """Turn the new secret on; returns recovery codes, the only time. Other sessions end.

        Raises FactorMissing and WrongCode.
        """
        user, factor = self._user(user_id), self._repository.locked(user_id)
        if factor is None or factor.pending_sealed is None:
            raise FactorMissing
        secret = self._ring.decrypt(factor.pending_sealed, _place(factor, "pending"))
        step = self._step(secret, code, last_step=0)
        if step is None:
            raise wrong_code("This code is not right. Check that the phone's clock is, and try the next one.")
        now = self._clock.now_ms()
        factor.secret_sealed = self._ring.encrypt(secret, _place(factor, "secret"))
        factor.pending_sealed = None
        factor.last_step, factor.failures, factor.next_attempt_at, factor.confirmed_at = step, 0, 0, now
        ended = self._sessions.end_all_of(user_id, now, keep=session_id)
        self._sessions.prove(session_id, now, SessionMethod.FACTOR)
        codes = self._new_codes(user_id)
        self._record("accounts.confirm_factor", user, {"sessions_ended": ended})
        self._tell.factor_changed(user, "on")
        return codes

    def check(self, user_id: int, code: str) -> bool:
        """Tell whether a code is right, of the authenticator or for recovery; neither works a second time.

        Failures are counted in the row, so commit whatever the answer. Raises FactorMissing and CodesThrottled.
        """
        factor, now = self._repository.locked(user_id), self._clock.now_ms()
        if factor is None or factor.secret_sealed is None:
            raise FactorMissing
        if factor.next_attempt_at > now:
            raise CodesThrottled(-(-(factor.next_attempt_at - now) // SECOND))
        secret = self._ring.decrypt(factor.secret_sealed, _place(factor, "secret"))
        step = self._step(secret, code, last_step=factor.last_step)
        if step is not None:
            factor.last_step = step
        elif not self._use_recovery_code(user_id, code):
            factor.failures += 1
            factor.next_attempt_at = now + rules.wait_after(factor.failures)
            self._record("accounts.refuse_code", self._user(user_id))
            return False
        factor.failures = factor.next_attempt_at = 0
        return True

    def renew_codes(self, user_id: int) -> list[str]:
        """Replace all recovery codes; raises FactorMissing."""
        user = self._user(user_id)
        if not _is_on(self._repository.locked(user_id)):
            raise FactorMissing
        codes = self._new_codes(user_id)
        self._record("accounts.renew_recovery_codes", user)
        self._tell.factor_changed(user, "codes")
        return codes

    def disable(self, user_id: int) -> None:
        """Turn one's factor off; raises FactorMissing, and FactorNeeded where it is demanded."""
        user = self._user(user_id)
        if not _is_on(self._repository.locked(user_id)):
            raise FactorMissing
        if self._is_required(user):
            raise FactorNeeded
        self._repository.forget(user_id)
        self._record("accounts.disable_factor", user)
        self._tell.factor_changed(user, "off")

    def reset(self, public_id: bytes, *, reason: str) -> None:
        """Take a person's factor away, for an administrator who knows why: all their sessions end."""
        user = self._person(public_id)
        if not _is_on(self._repository.locked(user.id)):
            raise FactorMissing
        self._repository.forget(user.id)
        ended = self._sessions.end_all_of(user.id, self._clock.now_ms())
        self._record("accounts.reset_factor", user, {"sessions_ended": ended}, reason)
        self._tell.factor_changed(user, "reset")

    def require(self, public_id: bytes, required: bool, *, reason: str) -> None:
        """Demand a second factor of a person, or no longer. Whoever has none sets it up before anything else."""
        user = self._person(public_id)
        if bool(user.factor_required) is not required:
            user.factor_required = int(required)
            self._record("accounts.require_factor", user, {"required": required}, reason)

    def _is_required(self, user: User) -> bool:
        return bool(user.factor_required) or (user.role == Role.ADMIN and self._admins_need_it())

    def _step(self, secret: str, code: str, *, last_step: int) -> int | None:
        return rules.accepted_step(code, self._clock.now_ms(), last_step, pyotp.TOTP(secret).generate_otp)

    def _use_recovery_code(self, user_id: int, code: str) -> bool:
        plain = rules.plain_recovery_code(code)
        if plain is None or not self._repository.use_code(user_id, self._digest(user_id, plain), self._clock.now_ms()):
            return False
        user = self._user(user_id)
        self._record("accounts.use_recovery_code", user, {"left": self._repository.codes_left(user_id)})
        return True

    def _new_codes(self, user_id: int) -> list[str]:
        codes = [rules.new_recovery_code() for _ in range(rules.RECOVERY_CODES)]
        digests = [self._digest(user_id, code.replace("-", "")) for code in codes]
        self._repository.replace_codes(user_id, digests, self._clock.now_ms())
        return codes

    def _digest(self, user_id: int, plain: str) -> bytes:
        return self._digester.digest(f"recovery:{user_id}:{plain}")

    def _user(self, user_id: int) -> User:
        user = self._people.get(user_id)
        if user is None:
            raise UserNotFound
        return user

    def _person(self, public_id: bytes) -> User:
        user = self._people.by_public_id(public_id)
        locked = None if user is None else self._people.lock(user.id)
        if locked is None:
            raise UserNotFound
        return locked

    def _record(
        self, action: str, user: User, after: dict[str, object] | None = None, reason: str | None = None
    ) -> None:
        self._audit.record(action, ("user", encode_id(USER, user.public_id)), after=after, reason=reason)


def wrong_code(sentence: str) -> WrongCode:
    """Make the error for the code of somebody who is signed in."""
    return WrongCode(sentence, fields=[FieldError("/code", "code.wrong", sentence)])


def _is_on(factor: SecondFactor | None) -> bool:
    return factor is not None and factor.secret_sealed is not None


def _place(factor: SecondFactor, column: str) -> str:
    return f"second_factors.{column}:{factor.public_id.hex()}"
