"""Queries of people and sessions."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select, update

from ccmanage.accounts.models import Role, SessionMethod, User, UserSession, UserState
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks


class AccountRepository(Repository[User]):
    """People."""

    model = User

    def by_email_index(self, indexes: Sequence[bytes]) -> User | None:
        """Find a person by the blind indexes of the address."""
        return self.one(select(User).where(User.email_index.in_(indexes)))

    def many(self, numbers: Iterable[int]) -> list[User]:
        """Return the people with these numbers, as far as they exist."""
        found: list[User] = []
        for part in chunks(sorted(set(numbers)), IN_LIST):
            found.extend(self.session.scalars(select(User).where(User.id.in_(part))))
        return found

    def page_of_users(self, ask: PageRequest, *, domain_indexes: Sequence[bytes] | None = None) -> Page[User]:
        """Return people, newest first: all, or those at a domain."""
        statement = select(User)
        if domain_indexes is not None:
            statement = statement.where(User.domain_index.in_(domain_indexes))
        return self.page(statement, ask, User.id)

    def without_domain(self, limit: int) -> list[User]:
        """Return some people who are not yet found by domain."""
        return list(self.session.scalars(select(User).where(User.domain_index.is_(None)).limit(limit)))

    def other_active_admins(self, user_id: int) -> int:
        """Count the administrators who could act if this one could not."""
        statement = select(func.count()).where(
            User.role == Role.ADMIN, User.state == UserState.ACTIVE, User.id != user_id
        )
        return self.session.scalar(statement) or 0

    def admin_numbers(self) -> list[int]:
        """Return the numbers of the administrators who may sign in."""
        statement = select(User.id).where(User.role == Role.ADMIN, User.state == UserState.ACTIVE)
        return list(self.session.scalars(statement.order_by(User.id).limit(1_000)))

    def count(self) -> int:
        """Count all people."""
        return self.session.scalar(select(func.count()).select_from(User)) or 0


class SessionRepository(Repository[UserSession]):
    """Sign-ins."""

    model = UserSession

    def with_user(self, public_id: bytes) -> tuple[UserSession, User] | None:
        """Find a session and its person in one query."""
        row = self.session.execute(
            select(UserSession, User)
            .join(User, User.id == UserSession.user_id)
            .where(UserSession.public_id == public_id)
        ).one_or_none()
        return None if row is None else (row[0], row[1])

    def with_viewer(self, session_id: int) -> tuple[UserSession, User] | None:
        """Find a session by its inside number, with its person, in one query."""
        row = self.session.execute(
            select(UserSession, User).join(User, User.id == UserSession.user_id).where(UserSession.id == session_id)
        ).one_or_none()
        return None if row is None else (row[0], row[1])

    def touch(self, session_id: int, now: int) -> None:
        """Note that a session was used."""
        self.session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now))

    def prove(self, session_id: int, now: int, method: SessionMethod | None = None) -> None:
        """Note that a session's person proved who they are, by a stronger method if one is given."""
        values = {"stepped_up_at": now} | ({} if method is None else {"method": int(method)})
        self.session.execute(update(UserSession).where(UserSession.id == session_id).values(values))

    def page_of_open(self, user_id: int, ask: PageRequest, *, now: int, idle_since: int) -> Page[UserSession]:
        """Return a person's sessions that have not ended, newest first."""
        statement = select(UserSession).where(
            UserSession.user_id == user_id,
            UserSession.ended_at.is_(None),
            UserSession.expires_at > now,
            UserSession.last_seen_at >= idle_since,
            UserSession.viewer_user_id == 0,
        )
        return self.page(statement, ask, UserSession.id)

    def end(self, session_id: int, now: int) -> bool:
        """End one session; False if it had ended before."""
        ended = self.session.execute(
            update(UserSession).where(UserSession.id == session_id, UserSession.ended_at.is_(None)).values(ended_at=now)
        )
        return bool(ended.rowcount)  # type: ignore[attr-defined]

    def end_all_of(self, user_id: int, now: int, *, keep: int = 0) -> int:
        """End all sessions of a person but one; returns how many."""
        ended = self.session.execute(
            update(UserSession)
            .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.id != keep)
            .values(ended_at=now)
        )
        return int(ended.rowcount)  # type: ignore[attr-defined]

    def end_viewings(self, session_id: int, now: int) -> None:
        """End what an administrator's session looks at as others."""
        self.session.execute(
            update(UserSession)
            .where(UserSession.viewer_session_id == session_id, UserSession.ended_at.is_(None))
            .values(ended_at=now)
        )

    def forget_expired(self, before: int, limit: int) -> int:
        """Delete some sessions that ran out before an instant; returns how many."""
        old = (
            select(UserSession.id).where(UserSession.expires_at < before).order_by(UserSession.expires_at).limit(limit)
        )
        numbers = list(self.session.scalars(old))
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(UserSession).where(UserSession.id.in_(part)))
        return len(numbers)
