"""Queries of links, of requests on their way, and of known browsers."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from ccmanage.accounts.proof_models import AccountRequest, KnownBrowser, Proof, Purpose
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks


class ProofRepository(Repository[Proof]):
    """Links that were sent by mail."""

    model = Proof

    def by_digest(self, digest: bytes) -> Proof | None:
        """Find a link by the digest of its token."""
        return self.one(select(Proof).where(Proof.token_digest == digest))

    def use(self, proof_id: int, now: int) -> bool:
        """Use a link up; False if somebody was faster."""
        used = self.session.execute(
            update(Proof).where(Proof.id == proof_id, Proof.used_at.is_(None)).values(used_at=now)
        )
        return bool(used.rowcount)  # type: ignore[attr-defined]

    def use_up(self, user_id: int, purposes: Sequence[Purpose], now: int) -> None:
        """Let all open links of some purposes die."""
        self.session.execute(
            update(Proof)
            .where(Proof.user_id == user_id, Proof.purpose.in_(purposes), Proof.used_at.is_(None))
            .values(used_at=now)
        )

    def issued_since(self, user_id: int, purpose: Purpose, since: int) -> int:
        """Count the links of a purpose that were made for a person since an instant."""
        statement = select(func.count()).where(
            Proof.user_id == user_id, Proof.purpose == purpose, Proof.created_at > since
        )
        return self.session.scalar(statement) or 0

    def newest_open(self, user_id: int, purpose: Purpose, now: int) -> Proof | None:
        """Find the latest link of a purpose that can still be used."""
        statement = (
            select(Proof)
            .where(
                Proof.user_id == user_id,
                Proof.purpose == purpose,
                Proof.used_at.is_(None),
                Proof.expires_at > now,
            )
            .order_by(Proof.id.desc())
            .limit(1)
        )
        return self.one(statement)

    def forget_expired(self, before: int, limit: int) -> int:
        """Delete some links that ran out before an instant; returns how many."""
        old = select(Proof.id).where(Proof.expires_at < before).order_by(Proof.expires_at).limit(limit)
        numbers = list(self.session.scalars(old))
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(Proof).where(Proof.id.in_(part)))
        return len(numbers)


class RequestRepository(Repository[AccountRequest]):
    """What somebody asked for."""

    model = AccountRequest

    def due(self, now: int, limit: int) -> list[int]:
        """Return the numbers of requests whose time has come, the oldest first."""
        statement = (
            select(AccountRequest.id)
            .where(AccountRequest.next_attempt_at <= now)
            .order_by(AccountRequest.next_attempt_at, AccountRequest.id)
            .limit(limit)
        )
        return list(self.session.scalars(statement))

    def remove(self, request: AccountRequest) -> None:
        """Delete a request."""
        self.session.delete(request)
        self.session.flush()


class BrowserRepository(Repository[KnownBrowser]):
    """Browsers that people have signed in with."""

    model = KnownBrowser

    def of(self, user_id: int, marks: Sequence[bytes]) -> list[KnownBrowser]:
        """Return which of these browsers the person has used."""
        statement = select(KnownBrowser).where(KnownBrowser.user_id == user_id, KnownBrowser.mark.in_(marks))
        return list(self.session.scalars(statement))

    def has_any(self, user_id: int) -> bool:
        """Tell whether the person has signed in before."""
        statement = select(KnownBrowser.id).where(KnownBrowser.user_id == user_id).limit(1)
        return self.session.scalar(statement) is not None

    def forget_unused(self, before: int, limit: int) -> int:
        """Delete some browsers that were not used since an instant; returns how many."""
        old = (
            select(KnownBrowser.id)
            .where(KnownBrowser.last_seen_at < before)
            .order_by(KnownBrowser.last_seen_at)
            .limit(limit)
        )
        numbers = list(self.session.scalars(old))
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(KnownBrowser).where(KnownBrowser.id.in_(part)))
        return len(numbers)
