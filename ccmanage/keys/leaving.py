"""What becomes of a person's keys when they leave a workspace, or the installation."""

from collections.abc import Sequence

from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.ids import KEY, USER, encode_id
from ccmanage.keys.models import ApiKey, KeyState
from ccmanage.keys.repository import KeyRepository
from ccmanage.workspaces.service import WorkspaceService


class LeavingKeys:
    """Keys whose maker goes, or whose workspace is closed: revoked, or another's from now on.

    The secret of a key that is handed on stays as it is: whoever knew it still does, until the new holder rotates it.
    """

    def __init__(
        self,
        repository: KeyRepository,
        clock: Clock,
        audit: AuditService,
        accounts: AccountService,
        workspaces: WorkspaceService,
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._audit = audit
        self._accounts = accounts
        self._workspaces = workspaces

    def revoke_in(self, workspace_id: int, made_by: int | None) -> int:
        """Revoke the keys of a workspace, or those that one person made there; returns how many."""
        return self._revoke(self._repository.active_in(workspace_id, made_by))

    def reassign_in(self, workspace_id: int, made_by: int, to_user_id: int) -> int:
        """Let the keys that one person made in a workspace be another's; returns how many."""
        taker = self._accounts.by_number(to_user_id)
        return self._hand(self._repository.active_in(workspace_id, made_by), taker)

    def hand_to_owners(self, user_id: int) -> tuple[int, int]:
        """Hand a person's keys to an owner of each workspace, revoke those that nobody else answers for.

        Returns how many were handed on, and how many revoked.
        """
        keys = self._repository.active_made_by(user_id)
        handed = revoked = 0
        for workspace_id in sorted({key.workspace_id for key in keys}):
            there = [key for key in keys if key.workspace_id == workspace_id]
            owner = self._workspaces.owner_to_take(workspace_id, besides=user_id)
            if owner is None:
                revoked += self._revoke(there)
            else:
                handed += self._hand(there, self._accounts.by_number(owner))
        return handed, revoked

    def _hand(self, keys: Sequence[ApiKey], taker: Account) -> int:
        for key in keys:
            before = encode_id(USER, self._accounts.by_number(key.user_id).public_id)
            key.user_id = taker.id
            self._record("keys.reassign", key, {"user": before}, {"user": encode_id(USER, taker.public_id)})
        return len(keys)

    def _revoke(self, keys: Sequence[ApiKey]) -> int:
        for key in keys:
            # The secrets stay: usage that was in flight is still found by them, charged, and flagged.
            key.state, key.revoked_at = KeyState.REVOKED, self._clock.now_ms()
            self._record("keys.revoke", key, None, None)
        return len(keys)

    def _record(self, action: str, key: ApiKey, before: dict[str, str] | None, after: dict[str, str] | None) -> None:
        subject = ("key", encode_id(KEY, key.public_id))
        self._audit.record(action, subject, workspace_id=key.workspace_id, before=before, after=after)
