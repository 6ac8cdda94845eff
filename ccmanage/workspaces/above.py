"""What stands above workspaces and must act in the same transaction; the composition root passes it in."""

from typing import Protocol


class Above(Protocol):
    """Books, keys and subscriptions of workspaces."""

    def opened(self, workspace_id: int) -> None:
        """Open the account of a workspace that has just been created."""
        ...

    def revoke_keys_in(self, workspace_id: int, made_by: int | None) -> int:
        """Revoke the keys of a workspace, or those that one person made there; returns how many."""
        ...

    def reassign_keys_in(self, workspace_id: int, made_by: int, to_user_id: int) -> int:
        """Let the keys that one person made in a workspace be another's; returns how many."""
        ...

    def end_subscription(self, workspace_id: int) -> bool:
        """End the subscription of a workspace with its allowance; tells whether it had one."""
        ...
