"""Queries of second factors, recovery codes and challenges."""

from sqlalchemy import delete, func, select, update

from ccmanage.accounts.factor_models import RecoveryCode, SecondFactor, SignInChallenge
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks


class FactorRepository(Repository[SecondFactor]):
    """Second factors and their recovery codes."""

    model = SecondFactor

    def of(self, user_id: int) -> SecondFactor | None:
        """Find a person's factor."""
        return self.one(select(SecondFactor).where(SecondFactor.user_id == user_id))

    def locked(self, user_id: int) -> SecondFactor | None:
        """Find a person's factor and lock it: two requests with one code must not both be right."""
        found = self.of(user_id)
        return None if found is None else self.lock(found.id)

    def forget(self, user_id: int) -> None:
        """Delete a person's factor and their codes."""
        self.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        self.session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))

    def replace_codes(self, user_id: int, digests: list[bytes], now: int) -> None:
        """Give a person new recovery codes; the old ones are gone."""
        self.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        self.session.add_all(
            RecoveryCode(digest=digest, user_id=user_id, used_at=None, created_at=now) for digest in digests
        )
        self.session.flush()

    def use_code(self, user_id: int, digest: bytes, now: int) -> bool:
        """Use a recovery code up; False if it is not one, or was used."""
        used = self.session.execute(
            update(RecoveryCode)
            .where(RecoveryCode.digest == digest, RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
            .values(used_at=now)
        )
        return bool(used.rowcount)  # type: ignore[attr-defined]

    def codes_left(self, user_id: int) -> int:
        """Count a person's unused recovery codes."""
        statement = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        return self.session.scalar(statement) or 0


class ChallengeRepository(Repository[SignInChallenge]):
    """Half-finished sign-ins."""

    model = SignInChallenge

    def forget_expired(self, before: int, limit: int) -> int:
        """Delete some challenges that ran out before an instant; returns how many."""
        old = select(SignInChallenge.id).where(SignInChallenge.expires_at < before).limit(limit)
        numbers = list(self.session.scalars(old))
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(SignInChallenge).where(SignInChallenge.id.in_(part)))
        return len(numbers)
