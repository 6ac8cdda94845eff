"""Queries of subscriptions, renewals and previews."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import func, select, update

from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, BulkInsert, chunks, ints, select_in
from ccmanage.packages.models import PackageVersion
from ccmanage.subscriptions.models import Renewal, Subscription, SubscriptionPreview
from ccmanage.subscriptions.states import FINAL, Standing, State, Turn

_CHANGING = (
    "package_id",
    "version_id",
    "pending_version_id",
    "state",
    "anchor_at",
    "zone",
    "period_start_at",
    "period_end_at",
    "renewal_id",
    "ends_at",
    "cancels",
    "paused_at",
)
_COLUMNS = ("id", "public_id", "workspace_id", *_CHANGING)
_STANDINGS = BulkInsert(
    "subscriptions",
    (*_COLUMNS, "next_attempt_at", "tries", "error", "created_at", "updated_at"),
    "ibi" + "iiiiibiiiiii" + "iibii",
    key=("id",),
    put=(*_CHANGING, "next_attempt_at", "tries", "error", "updated_at"),
)
_RENEWALS = BulkInsert(
    "renewals",
    ("subscription_id", "workspace_id", "version_id", "cause", "start_at", "end_at", "allowance_nano", "at"),
    "iiiiiiii",
)
# Standings are written past the session, which must not answer from what it read before.
_ANEW = {"populate_existing": True}
_LIVE = [int(state) for state in State if state not in FINAL]


class SubscriptionRepository(Repository[Subscription]):
    """Subscriptions. They are read and written as standings; rows serve lists."""

    model = Subscription

    def live_in(self, workspace_ids: Collection[int]) -> list[Standing]:
        """Return the living subscriptions of workspaces, by workspace."""
        text = f"SELECT {','.join(_COLUMNS)} FROM subscriptions WHERE live_workspace_id IN ({{}})"
        return [_standing(row) for row in select_in(self.connection, text, sorted(workspace_ids))]

    def standings(self, numbers: Iterable[int]) -> list[Standing]:
        """Return subscriptions by their inside numbers."""
        text = f"SELECT {','.join(_COLUMNS)} FROM subscriptions WHERE id IN ({{}})"
        return [_standing(row) for row in select_in(self.connection, text, sorted(numbers))]

    def newest_of(self, workspace_id: int) -> Subscription | None:
        """Return the subscription that a workspace has, or had last."""
        statement = select(Subscription).where(Subscription.workspace_id == workspace_id)
        newest = statement.order_by(Subscription.id.desc()).limit(1)
        return self.session.scalars(newest, execution_options=_ANEW).first()

    def anew(self, public_id: bytes) -> Subscription | None:
        """Find a row by its outside id, as it stands in the database now."""
        statement = select(Subscription).where(Subscription.public_id == public_id)
        return self.session.scalars(statement, execution_options=_ANEW).one_or_none()

    def workspaces_due(self, now: int, limit: int, offset: int) -> list[int]:
        """Return workspaces whose subscription has something due by now, the longest due first."""
        statement = (
            select(Subscription.workspace_id)
            .where(Subscription.next_attempt_at > 0, Subscription.next_attempt_at <= now)
            .order_by(Subscription.next_attempt_at, Subscription.workspace_id)
            .limit(limit)
            .offset(offset)
        )
        return list(self.session.scalars(statement))

    def numbers_of(self, public_ids: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
        """Return the number and the workspace of subscriptions by their outside ids."""
        rows = self.session.execute(
            select(Subscription.public_id, Subscription.id, Subscription.workspace_id).where(
                Subscription.public_id.in_(public_ids)
            )
        )
        return {bytes(public_id): (number, workspace_id) for public_id, number, workspace_id in rows}

    def had_trial(self, workspace_id: int, cause: int) -> bool:
        """Tell whether a workspace ever had a renewal of a cause."""
        statement = select(Renewal.id).where(Renewal.workspace_id == workspace_id, Renewal.cause == cause)
        return self.session.scalars(statement.limit(1)).first() is not None

    def had_package(self, workspace_id: int, package_id: int) -> bool:
        """Tell whether a workspace ever had a period of any version of a package."""
        statement = (
            select(Renewal.id)
            .join(PackageVersion, PackageVersion.id == Renewal.version_id)
            .where(Renewal.workspace_id == workspace_id, PackageVersion.package_id == package_id)
        )
        return self.session.scalars(statement.limit(1)).first() is not None

    def save(self, standings: Collection[Standing], now: int) -> None:
        """Write how subscriptions stand now, and when the sweep has to look at them."""
        ordered = sorted(standings, key=lambda standing: standing.id)
        rows = [(*_values(standing), standing.due_at, 0, b"", now, now) for standing in ordered]
        _STANDINGS.run(self.connection, rows)
        for part in chunks((standing.id for standing in ordered if standing.is_final), IN_LIST):
            self.connection.exec_driver_sql(
                f"UPDATE subscriptions SET live_workspace_id = NULL WHERE id IN ({ints(part)})"
            )

    def put_off(self, workspace_id: int, error: str, now: int) -> None:
        """Set a subscription aside that cannot be renewed: it is tried again after a while, longer each time."""
        minute, longest = 60_000, 60
        row = self.session.scalars(select(Subscription).where(Subscription.live_workspace_id == workspace_id)).first()
        if row is not None:
            row.tries += 1
            row.error = error.encode()[:500].decode(errors="ignore").encode()
            row.next_attempt_at = now + minute * min(longest, 2 ** min(row.tries, 10))
            self.session.flush()

    def add_renewals(self, turns: Sequence[Turn], now: int) -> list[int]:
        """Write what is about to happen, and return the numbers of the rows in the same order."""
        _RENEWALS.run(self.connection, [_renewal(turn, now) for turn in turns])
        wanted = sorted({turn.before.id for turn in turns})
        since = min(turn.at for turn in turns)
        text = (
            "SELECT subscription_id, start_at, id FROM renewals"
            f" WHERE subscription_id IN ({{}}) AND start_at >= {since:d}"
        )
        numbers = {(row[0], row[1]): int(row[2]) for row in select_in(self.connection, text, wanted)}
        return [numbers[turn.before.id, turn.at] for turn in turns]

    def renewals_page(self, subscription_id: int, ask: PageRequest) -> Page[Renewal]:
        """Return what happened to a subscription, newest first."""
        statement = select(Renewal).where(Renewal.subscription_id == subscription_id)
        if (after := ask.position()) is not None:
            statement = statement.where(Renewal.id < after[0])
        rows = list(self.session.scalars(statement.order_by(Renewal.id.desc()).limit(ask.limit + 1)))
        return page_of(rows, ask, lambda row: (row.id,))

    def versions_in_use(self) -> list[int]:
        """Return the versions that have living subscriptions."""
        statement = select(Subscription.version_id).where(Subscription.state.in_(_LIVE)).distinct()
        return list(self.session.scalars(statement))

    def subscribers(self, version_ids: Collection[int]) -> dict[int, int]:
        """Count the living subscriptions of versions."""
        rows = self.session.execute(
            select(Subscription.version_id, func.count())
            .where(Subscription.version_id.in_(version_ids), Subscription.state.in_(_LIVE))
            .group_by(Subscription.version_id)
        )
        return {version_id: int(count) for version_id, count in rows}

    def live_of_versions(
        self, version_ids: Collection[int], after: int, limit: int, *, last: int = 0
    ) -> list[tuple[int, int]]:
        """Return numbers and workspaces of living subscriptions of versions, by number, from one on, up to `last`."""
        statement = select(Subscription.id, Subscription.workspace_id).where(
            Subscription.version_id.in_(version_ids), Subscription.state.in_(_LIVE), Subscription.id > after
        )
        if last:
            statement = statement.where(Subscription.id <= last)
        rows = self.session.execute(statement.order_by(Subscription.id).limit(limit))
        return [(number, workspace_id) for number, workspace_id in rows]

    def extent(self, version_ids: Collection[int]) -> tuple[int, int]:
        """Return how many living subscriptions versions have, and the highest number of one."""
        statement = select(func.count(), func.max(Subscription.id)).where(
            Subscription.version_id.in_(version_ids), Subscription.state.in_(_LIVE)
        )
        count, last = self.session.execute(statement).one()
        return int(count), int(last or 0)

    def page_of_all(
        self, ask: PageRequest, *, state: State | None, package_id: int | None, failed: bool
    ) -> Page[Subscription]:
        """Return subscriptions, newest first: all, or those of a state or a package, or those set aside."""
        statement = select(Subscription)
        if state is not None:
            statement = statement.where(Subscription.state == state)
        if package_id is not None:
            statement = statement.where(Subscription.package_id == package_id)
        if failed:
            statement = statement.where(Subscription.tries > 0)
        return self.page(statement, ask, Subscription.id)

    def upcoming(self, from_at: int, to_at: int, ask: PageRequest) -> Page[Subscription]:
        """Return subscriptions by when something is due, the soonest first."""
        statement = select(Subscription).where(
            Subscription.next_attempt_at >= max(1, from_at), Subscription.next_attempt_at < to_at
        )
        after = ask.position(2)
        if after is not None:
            at, number = after
            later = (Subscription.next_attempt_at == at) & (Subscription.workspace_id > number)
            statement = statement.where((Subscription.next_attempt_at > at) | later)
        ordered = statement.order_by(Subscription.next_attempt_at, Subscription.workspace_id).limit(ask.limit + 1)
        rows = list(self.session.scalars(ordered))
        return page_of(rows, ask, lambda row: (row.next_attempt_at, row.workspace_id))

    def add_preview(self, preview: SubscriptionPreview) -> None:
        """Keep what was shown."""
        self.session.add(preview)
        self.session.flush()

    def preview(self, workspace_id: int, public_id: bytes) -> SubscriptionPreview | None:
        """Find a workspace's preview; the workspace's books must be open, so that nobody else carries it out."""
        statement = select(SubscriptionPreview).where(
            SubscriptionPreview.public_id == public_id, SubscriptionPreview.workspace_id == workspace_id
        )
        return self.session.scalars(statement).one_or_none()

    def mark_applied(self, preview_id: int, now: int) -> None:
        """Remember that a change was carried out."""
        self.session.execute(
            update(SubscriptionPreview).where(SubscriptionPreview.id == preview_id).values(applied_at=now)
        )


def standing_of(row: Subscription) -> Standing:
    """Return a row as a standing."""
    return _standing([getattr(row, name) for name in _COLUMNS])


def _standing(row: Sequence[Any]) -> Standing:
    values = dict(zip(_COLUMNS, row, strict=True))
    values |= {
        "public_id": bytes(values["public_id"]),
        "state": State(values["state"]),
        "zone": bytes(values["zone"]).decode(),
        "cancels": bool(values["cancels"]),
    }
    return Standing(**values)


def _values(standing: Standing) -> list[int | bytes]:
    values: dict[str, Any] = {name: getattr(standing, name) for name in _COLUMNS}
    values["zone"] = standing.zone.encode()
    return [value if isinstance(value, bytes) else int(value) for value in values.values()]


def _renewal(turn: Turn, now: int) -> tuple[int, ...]:
    after = turn.after
    return (
        turn.before.id,
        turn.before.workspace_id,
        after.version_id,
        int(turn.cause),
        turn.at,
        after.period_end_at,
        turn.allowance,
        now,
    )
