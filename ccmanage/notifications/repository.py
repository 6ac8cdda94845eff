"""Queries of thresholds, alerts, happenings and lists."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.notifications.models import (
    Alert,
    Episode,
    Happening,
    MailState,
    Notification,
    Preference,
    TellState,
    Threshold,
    ThresholdKind,
)


class ThresholdRepository(Repository[Threshold]):
    """Thresholds and the alerts that they became."""

    model = Threshold

    def seen_by(self, workspace_id: int, user_id: int) -> Sequence[Threshold]:
        """Return the thresholds that a person sees: the workspace's and their own."""
        statement = select(Threshold).where(Threshold.workspace_id == workspace_id, Threshold.user_id.in_((0, user_id)))
        ordered = statement.order_by(Threshold.user_id, Threshold.kind, Threshold.value.desc())
        return self.session.scalars(ordered.limit(500).execution_options(populate_existing=True)).all()

    def count_of(self, workspace_id: int, user_id: int) -> int:
        """Count the thresholds of a person in a workspace, or those of the workspace (0)."""
        statement = select(func.count()).where(Threshold.workspace_id == workspace_id, Threshold.user_id == user_id)
        return self.session.scalar(statement) or 0

    def same(self, wanted: Threshold) -> Threshold | None:
        """Find the threshold that means the same."""
        return self.one(
            select(Threshold).where(
                Threshold.workspace_id == wanted.workspace_id,
                Threshold.user_id == wanted.user_id,
                Threshold.kind == wanted.kind,
                Threshold.value == wanted.value,
            )
        )

    def anew(self, number: int) -> Threshold | None:
        """Find a threshold as it stands now: it is written past the session."""
        return self.session.get(Threshold, number, populate_existing=True)

    def remove(self, threshold: Threshold) -> None:
        """Delete a threshold; its alerts stay."""
        self.session.delete(threshold)
        self.session.flush()

    def slow_chunk(self, after: int, limit: int) -> Sequence[Threshold]:
        """Lock the next thresholds that the timetable looks at, without those that another worker has."""
        kinds = (ThresholdKind.RUN_OUT, ThresholdKind.SPEND_PER_DAY)
        statement = select(Threshold).where(Threshold.kind.in_(kinds), Threshold.id > after)
        locked = statement.order_by(Threshold.id).limit(limit).with_for_update(skip_locked=True)
        return self.session.scalars(locked.execution_options(populate_existing=True)).all()

    def add_alert(self, alert: Alert) -> None:
        """Insert the claim of an alert."""
        self.session.add(alert)
        self.session.flush()

    def alerts_page(self, workspace_id: int, user_id: int, ask: PageRequest) -> Page[Alert]:
        """Return the alerts that a person sees, newest first."""
        statement = select(Alert).where(Alert.workspace_id == workspace_id, Alert.user_id.in_((0, user_id)))
        at = ask.position()
        if at is not None:
            statement = statement.where(Alert.id < at[0])
        rows = list(self.session.scalars(statement.order_by(Alert.id.desc()).limit(ask.limit + 1)))
        return page_of(rows, ask, lambda row: (row.id,))

    def alerts_waiting(self, limit: int) -> Sequence[Alert]:
        """Lock alerts that were not told yet, without those that another worker has."""
        statement = select(Alert).where(Alert.state == TellState.WAITING).order_by(Alert.id).limit(limit)
        return self.session.scalars(statement.with_for_update(skip_locked=True)).all()

    def many(self, numbers: Sequence[int]) -> dict[int, Threshold]:
        """Return thresholds by their numbers."""
        found: dict[int, Threshold] = {}
        for part in chunks(sorted(set(numbers)), IN_LIST):
            found |= {row.id: row for row in self.session.scalars(select(Threshold).where(Threshold.id.in_(part)))}
        return found


class HappeningRepository(Repository[Happening]):
    """What happened, and which of it was told."""

    model = Happening

    def known(self, dedupe: Sequence[bytes]) -> set[bytes]:
        """Return which of these were written before."""
        found: set[bytes] = set()
        for part in chunks(dedupe, IN_LIST):
            rows = self.session.scalars(select(Happening.dedupe).where(Happening.dedupe.in_(part)))
            found.update(bytes(row) for row in rows)
        return found

    def waiting(self, limit: int) -> Sequence[Happening]:
        """Lock what was not told yet, without what another worker has."""
        statement = select(Happening).where(Happening.state == TellState.WAITING).order_by(Happening.id).limit(limit)
        return self.session.scalars(statement.with_for_update(skip_locked=True)).all()

    def many(self, numbers: Sequence[int]) -> dict[int, Happening]:
        """Return happenings by their numbers."""
        rows = self.session.scalars(select(Happening).where(Happening.id.in_(list(numbers) or [0])))
        return {row.id: row for row in rows}

    def episode(self, name: str) -> Episode | None:
        """Find and lock an episode."""
        return self.session.get(Episode, name.encode(), with_for_update=True, populate_existing=True)

    def open_episodes(self, prefix: str) -> Sequence[Episode]:
        """Return the episodes of a kind that go on."""
        low, high = prefix.encode(), prefix.encode() + b"\xff"
        statement = select(Episode).where(Episode.name >= low, Episode.name < high, Episode.closed_at == 0)
        return self.session.scalars(statement.limit(10_000)).all()

    def add_episode(self, episode: Episode) -> None:
        """Insert an episode."""
        self.session.add(episode)
        self.session.flush()

    def delete_before(self, at: int, limit: int) -> int:
        """Delete a chunk of what happened before, with the lists' lines of it; returns how many."""
        old = select(Happening.id).where(Happening.at < at, Happening.state == TellState.TOLD)
        numbers = list(self.session.scalars(old.order_by(Happening.at).limit(limit)))
        if numbers:
            self.session.execute(delete(Notification).where(Notification.happening_id.in_(numbers)))
            self.session.execute(delete(Happening).where(Happening.id.in_(numbers)))
        return len(numbers)


class NotificationRepository(Repository[Notification]):
    """People's lists, and how they want to be written to."""

    model = Notification

    def page_of(self, user_id: int, ask: PageRequest, *, unread: bool) -> Page[Notification]:
        """Return a person's list, newest first."""
        statement = select(Notification).where(Notification.user_id == user_id)
        if unread:
            statement = statement.where(Notification.read_at == 0)
        return self.page(statement, ask, Notification.id)

    def unread(self, user_id: int, most: int) -> int:
        """Count what a person has not read, at most so many."""
        some = select(Notification.id).where(Notification.user_id == user_id, Notification.read_at == 0).limit(most)
        return self.session.scalar(select(func.count()).select_from(some.subquery())) or 0

    def read_all(self, user_id: int, now: int) -> None:
        """Mark all as read."""
        self.session.execute(
            update(Notification)
            .where(Notification.user_id == user_id, Notification.read_at == 0)
            .values(read_at=now)
            .execution_options(synchronize_session=False)
        )

    def preference(self, user_id: int) -> Preference | None:
        """Find how a person wants to be written to."""
        return self.session.get(Preference, user_id, populate_existing=True)

    def preferences(self, user_ids: Sequence[int]) -> dict[int, Preference]:
        """Return how people want to be written to."""
        rows = self.session.scalars(select(Preference).where(Preference.user_id.in_(list(user_ids) or [0])))
        return {row.user_id: row for row in rows}

    def add_preference(self, preference: Preference) -> Preference:
        """Insert how a person wants to be written to."""
        self.session.add(preference)
        self.session.flush()
        return preference

    def mails_waiting(self, user_id: int) -> Sequence[Notification]:
        """Lock a person's notifications of which a mail is to be sent."""
        statement = select(Notification).where(
            Notification.user_id == user_id, Notification.mail_state == MailState.DUE
        )
        ordered = statement.order_by(Notification.id).limit(500).with_for_update()
        return self.session.scalars(ordered.execution_options(populate_existing=True)).all()

    def people_due(self, now: int, limit: int) -> list[int]:
        """Return people to whom a mail is due."""
        rows = self.session.scalars(
            select(Notification.user_id)
            .where(Notification.mail_state == MailState.DUE, Notification.mail_due_at <= now)
            .order_by(Notification.mail_due_at)
            .limit(limit)
        )
        return sorted(set(rows))
