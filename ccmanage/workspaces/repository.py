"""Queries of workspaces and members."""

from collections.abc import Iterable

from sqlalchemy import func, select, update

from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.core.text import LIKE_ESCAPE, like_literally
from ccmanage.workspaces.models import (
    Invitation,
    InvitationState,
    Member,
    MemberRole,
    Workspace,
    WorkspaceKind,
    WorkspaceState,
)


class WorkspaceRepository(Repository[Workspace]):
    """Workspaces and who belongs to them."""

    model = Workspace

    def add_member(self, member: Member) -> None:
        """Insert a membership."""
        self.session.add(member)
        self.session.flush()

    def member(self, workspace_id: int, user_id: int) -> Member | None:
        """Find a membership."""
        return self.session.get(Member, (workspace_id, user_id))

    def member_anew(self, workspace_id: int, user_id: int) -> Member | None:
        """Find a membership as it stands now, whatever was read before."""
        return self.session.get(Member, (workspace_id, user_id), populate_existing=True)

    def drop_member(self, member: Member) -> None:
        """Delete a membership."""
        self.session.delete(member)
        self.session.flush()

    def page_of_members(self, workspace_id: int, ask: PageRequest) -> Page[Member]:
        """Return members, those with the highest number first."""
        statement = select(Member).where(Member.workspace_id == workspace_id)
        at = ask.position()
        if at is not None:
            statement = statement.where(Member.user_id < at[0])
        rows = list(self.session.scalars(statement.order_by(Member.user_id.desc()).limit(ask.limit + 1)))
        return page_of(rows, ask, lambda member: (member.user_id,))

    def owner_numbers(self, workspace_id: int) -> list[int]:
        """Return the owners of a workspace, the oldest first."""
        statement = select(Member.user_id).where(Member.workspace_id == workspace_id, Member.role == MemberRole.OWNER)
        return list(self.session.scalars(statement.order_by(Member.created_at, Member.user_id)))

    def shared_owned_by(self, user_id: int) -> int:
        """Count the open shared workspaces that a person owns."""
        statement = (
            select(func.count())
            .select_from(Workspace)
            .join(Member, Member.workspace_id == Workspace.id)
            .where(
                Member.user_id == user_id,
                Member.role == MemberRole.OWNER,
                Workspace.kind == WorkspaceKind.SHARED,
                Workspace.state != WorkspaceState.CLOSED,
            )
        )
        return self.session.scalar(statement) or 0

    def touch(self, workspace: Workspace) -> None:
        """Count a change of a workspace."""
        workspace.revision += 1
        self.session.flush()

    def withdraw_invitations(self, workspace_id: int, now: int) -> None:
        """Withdraw all open invitations of a workspace."""
        self.session.execute(
            update(Invitation)
            .where(Invitation.workspace_id == workspace_id, Invitation.state == InvitationState.PENDING)
            .values(state=InvitationState.WITHDRAWN, open_mark=None, settled_at=now)
        )

    def personal_of(self, user_id: int) -> Workspace | None:
        """Find a person's own workspace."""
        return self.one(select(Workspace).where(Workspace.personal_user_id == user_id))

    def of_member(self, user_id: int, public_id: bytes | None) -> tuple[Workspace, MemberRole] | None:
        """Find a workspace with the person's role in it; without an id the personal one."""
        wanted = Workspace.personal_user_id == user_id if public_id is None else Workspace.public_id == public_id
        row = self.session.execute(
            select(Workspace, Member.role)
            .join(Member, Member.workspace_id == Workspace.id)
            .where(wanted, Member.user_id == user_id)
        ).one_or_none()
        return None if row is None else (row[0], MemberRole(row[1]))

    def page_of_member(self, user_id: int, ask: PageRequest) -> Page[tuple[Workspace, MemberRole]]:
        """Return a person's workspaces, the newest first."""
        statement = (
            select(Workspace, Member.role)
            .join(Member, Member.workspace_id == Workspace.id)
            .where(Member.user_id == user_id)
        )
        at = ask.position()
        if at is not None:
            statement = statement.where(Workspace.id < at[0])
        rows = self.session.execute(statement.order_by(Workspace.id.desc()).limit(ask.limit + 1))
        found = [(workspace, MemberRole(role)) for workspace, role in rows]
        return page_of(found, ask, lambda row: (row[0].id,))

    def all_of_member(self, user_id: int, limit: int) -> list[tuple[Workspace, MemberRole]]:
        """Return a person's workspaces: the personal one first, then the oldest, closed ones last."""
        rows = self.session.execute(
            select(Workspace, Member.role)
            .join(Member, Member.workspace_id == Workspace.id)
            .where(Member.user_id == user_id)
            .order_by(Workspace.kind, Workspace.state == WorkspaceState.CLOSED, Workspace.id)
            .limit(limit)
        )
        return [(workspace, MemberRole(role)) for workspace, role in rows]

    def page_of_all(self, ask: PageRequest, *, search: str | None) -> Page[Workspace]:
        """Return workspaces, newest first, whose name contains the text if one is given."""
        statement = select(Workspace)
        if search:
            statement = statement.where(Workspace.name.like(f"%{like_literally(search)}%", escape=LIKE_ESCAPE))
        return self.page(statement, ask, Workspace.id)

    def many(self, numbers: Iterable[int]) -> list[Workspace]:
        """Return the workspaces with these numbers."""
        found: list[Workspace] = []
        for part in chunks(sorted(set(numbers)), IN_LIST):
            found.extend(self.session.scalars(select(Workspace).where(Workspace.id.in_(part))))
        return found

    def owners_of(self, numbers: list[int]) -> dict[int, int]:
        """Return the first owner of each workspace."""
        rows = self.session.execute(
            select(Member.workspace_id, func.min(Member.user_id))
            .where(Member.workspace_id.in_(numbers), Member.role == MemberRole.OWNER)
            .group_by(Member.workspace_id)
        )
        return {row[0]: row[1] for row in rows}

    def member_counts(self, numbers: list[int]) -> dict[int, int]:
        """Count the members of each workspace."""
        rows = self.session.execute(
            select(Member.workspace_id, func.count())
            .where(Member.workspace_id.in_(numbers))
            .group_by(Member.workspace_id)
        )
        return {row[0]: row[1] for row in rows}

    def members_of(self, numbers: Iterable[int]) -> list[Member]:
        """Return all memberships of these workspaces."""
        found: list[Member] = []
        for part in chunks(sorted(set(numbers)), IN_LIST):
            found.extend(self.session.scalars(select(Member).where(Member.workspace_id.in_(part))))
        return found

    def count(self) -> int:
        """Count all workspaces."""
        return self.session.scalar(select(func.count()).select_from(Workspace)) or 0
