"""Queries of API keys and their secrets."""

from collections.abc import Iterable

from sqlalchemy import func, or_, select, update

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.keys.models import ApiKey, ApiKeySecret, KeyState, OwnLimitsRow
from ccmanage.subscriptions.models import Subscription


class KeyRepository(Repository[ApiKey]):
    """API keys."""

    model = ApiKey

    def add_secret(self, secret: ApiKeySecret) -> None:
        """Insert a secret."""
        self.session.add(secret)
        self.session.flush()

    def page_of_workspace(self, workspace_id: int, ask: PageRequest, *, made_by: int | None) -> Page[ApiKey]:
        """Return keys of a workspace, newest first: all, or those that one person made."""
        statement = select(ApiKey).where(ApiKey.workspace_id == workspace_id)
        if made_by is not None:
            statement = statement.where(ApiKey.user_id == made_by)
        return self.page(statement, ask, ApiKey.id)

    def page_of_all(self, ask: PageRequest, workspace_id: int | None) -> Page[ApiKey]:
        """Return keys of all workspaces or of one, newest first."""
        statement = select(ApiKey)
        if workspace_id is not None:
            statement = statement.where(ApiKey.workspace_id == workspace_id)
        return self.page(statement, ask, ApiKey.id)

    def many(self, numbers: Iterable[int]) -> list[ApiKey]:
        """Return the keys with these numbers."""
        found: list[ApiKey] = []
        for part in chunks(sorted(set(numbers)), IN_LIST):
            found.extend(self.session.scalars(select(ApiKey).where(ApiKey.id.in_(part))))
        return found

    def limits_row(self, key_id: int) -> OwnLimitsRow | None:
        """Return a key's own limits."""
        return self.session.get(OwnLimitsRow, key_id, populate_existing=True)

    def put_limits(self, row: OwnLimitsRow) -> None:
        """Write a key's own limits; the key is locked."""
        self.session.merge(row)
        self.session.flush()

    def lock_enabled(self, workspace_id: int) -> list[ApiKey]:
        """Lock the keys of a workspace that may be used, oldest first."""
        statement = select(ApiKey).where(
            ApiKey.workspace_id == workspace_id, ApiKey.state == KeyState.ACTIVE, ApiKey.disabled_at == 0
        )
        return list(
            self.session.scalars(
                statement.order_by(ApiKey.id).with_for_update().execution_options(populate_existing=True)
            )
        )

    def count_enabled(self, workspace_id: int) -> int:
        """Count the keys of a workspace that may be used."""
        statement = select(func.count()).select_from(ApiKey)
        return (
            self.session.scalar(
                statement.where(
                    ApiKey.workspace_id == workspace_id, ApiKey.state == KeyState.ACTIVE, ApiKey.disabled_at == 0
                )
            )
            or 0
        )

    def enabled_counts(self, workspace_ids: Iterable[int]) -> dict[int, int]:
        """Count the keys of each workspace that may be used; those without are absent."""
        found: dict[int, int] = {}
        for part in chunks(sorted(workspace_ids), IN_LIST):
            rows = self.session.execute(
                select(ApiKey.workspace_id, func.count())
                .where(ApiKey.workspace_id.in_(part), ApiKey.state == KeyState.ACTIVE, ApiKey.disabled_at == 0)
                .group_by(ApiKey.workspace_id)
            )
            found |= {row[0]: row[1] for row in rows}
        return found

    def with_more_than(self, version_id: int, most: int, limit: int) -> list[int]:
        """Return workspaces on a version of a package that have more keys that may be used than so many."""
        statement = (
            select(ApiKey.workspace_id)
            .join(Subscription, Subscription.live_workspace_id == ApiKey.workspace_id)
            .where(Subscription.version_id == version_id, ApiKey.state == KeyState.ACTIVE, ApiKey.disabled_at == 0)
            .group_by(ApiKey.workspace_id)
            .having(func.count() > most)
            .limit(limit)
        )
        return list(self.session.scalars(statement))

    def secrets_of(self, numbers: list[int]) -> list[ApiKeySecret]:
        """Return the secrets of keys, oldest first."""
        if not numbers:
            return []
        return list(
            self.session.scalars(
                select(ApiKeySecret).where(ApiKeySecret.key_id.in_(numbers)).order_by(ApiKeySecret.created_at)
            )
        )

    def end_secrets(self, key_id: int, at: int) -> None:
        """Let the secrets of a key run out at an instant, unless they do so before."""
        self.session.execute(
            update(ApiKeySecret)
            .where(
                ApiKeySecret.key_id == key_id,
                or_(ApiKeySecret.expires_at.is_(None), ApiKeySecret.expires_at > at),
            )
            .values(expires_at=at)
        )

    def active_made_by(self, user_id: int) -> list[ApiKey]:
        """Return the keys that a person made and that are not revoked."""
        statement = select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.state == KeyState.ACTIVE)
        return list(self.session.scalars(statement.order_by(ApiKey.id)))

    def active_in(self, workspace_id: int, made_by: int | None) -> list[ApiKey]:
        """Return the keys of a workspace that are not revoked: all, or those that one person made."""
        statement = select(ApiKey).where(ApiKey.workspace_id == workspace_id, ApiKey.state == KeyState.ACTIVE)
        if made_by is not None:
            statement = statement.where(ApiKey.user_id == made_by)
        return list(self.session.scalars(statement.order_by(ApiKey.id)))

    def page_made_by(self, user_id: int, ask: PageRequest) -> Page[ApiKey]:
        """Return the keys that a person made in whatever workspace, newest first."""
        return self.page(select(ApiKey).where(ApiKey.user_id == user_id), ask, ApiKey.id)

    def active_counts_of_makers(self, workspace_id: int, user_ids: list[int]) -> dict[int, int]:
        """Count the keys of each of these people in a workspace that are not revoked."""
        rows = self.session.execute(
            select(ApiKey.user_id, func.count())
            .where(ApiKey.workspace_id == workspace_id, ApiKey.user_id.in_(user_ids), ApiKey.state == KeyState.ACTIVE)
            .group_by(ApiKey.user_id)
        )
        return {row[0]: row[1] for row in rows}

    def count_active(self, workspace_id: int | None = None) -> int:
        """Count the keys that are not revoked, in one workspace or in all."""
        statement = select(func.count()).select_from(ApiKey).where(ApiKey.state == KeyState.ACTIVE)
        if workspace_id is not None:
            statement = statement.where(ApiKey.workspace_id == workspace_id)
        return self.session.scalar(statement) or 0

    def active_counts(self, workspace_ids: list[int]) -> dict[int, int]:
        """Count the keys of each workspace that are not revoked."""
        rows = self.session.execute(
            select(ApiKey.workspace_id, func.count())
            .where(ApiKey.workspace_id.in_(workspace_ids), ApiKey.state == KeyState.ACTIVE)
            .group_by(ApiKey.workspace_id)
        )
        return {row[0]: row[1] for row in rows}
