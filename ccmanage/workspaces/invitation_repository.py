"""Queries of invitations."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.workspaces.models import Invitation, InvitationState, Workspace, WorkspaceState


class InvitationRepository(Repository[Invitation]):
    """Invitations into workspaces."""

    model = Invitation

    def by_digest(self, digest: bytes) -> Invitation | None:
        """Find the invitation whose link holds a token."""
        return self.one(select(Invitation).where(Invitation.token_digest == digest))

    def is_open_for(self, workspace_id: int, email_indexes: Sequence[bytes]) -> bool:
        """Tell whether an address is invited and has not answered."""
        statement = select(Invitation.id).where(
            Invitation.workspace_id == workspace_id,
            Invitation.email_index.in_(email_indexes),
            Invitation.state == InvitationState.PENDING,
        )
        return self.session.scalar(statement) is not None

    def count_open(self, workspace_id: int) -> int:
        """Count the open invitations of a workspace."""
        statement = (
            select(func.count())
            .select_from(Invitation)
            .where(Invitation.workspace_id == workspace_id, Invitation.state == InvitationState.PENDING)
        )
        return self.session.scalar(statement) or 0

    def count_since(self, workspace_id: int, since: int) -> int:
        """Count the invitations that a workspace made since an instant, whatever became of them."""
        statement = (
            select(func.count())
            .select_from(Invitation)
            .where(Invitation.workspace_id == workspace_id, Invitation.created_at > since)
        )
        return self.session.scalar(statement) or 0

    def page_of_open(self, workspace_id: int, ask: PageRequest) -> Page[Invitation]:
        """Return the open invitations of a workspace, newest first."""
        statement = select(Invitation).where(
            Invitation.workspace_id == workspace_id, Invitation.state == InvitationState.PENDING
        )
        return self.page(statement, ask, Invitation.id)

    def waiting(self, email_indexes: Sequence[bytes], now: int, limit: int) -> list[Invitation]:
        """Return what waits for an address and still holds, the newest first."""
        statement = (
            select(Invitation)
            .join(Workspace, Workspace.id == Invitation.workspace_id)
            .where(
                Invitation.email_index.in_(email_indexes),
                Invitation.state == InvitationState.PENDING,
                Invitation.expires_at > now,
                Workspace.state != WorkspaceState.CLOSED,
            )
        )
        return list(self.session.scalars(statement.order_by(Invitation.id.desc()).limit(limit)))

    def forget(self, before: int, limit: int) -> int:
        """Delete some invitations that ran out before an instant, answered or not; returns how many."""
        old = select(Invitation.id).where(Invitation.expires_at < before)
        numbers = list(self.session.scalars(old.order_by(Invitation.expires_at).limit(limit)))
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(Invitation).where(Invitation.id.in_(part)))
        return len(numbers)
