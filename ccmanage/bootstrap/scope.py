"""One transaction with all its services."""

from functools import cached_property

from ccmanage.bootstrap.base import Above
from ccmanage.bootstrap.reading import ReadingScope


class Scope(ReadingScope):
    """One transaction and its services, built when they are first asked for."""

    @cached_property
    def _above(self) -> Above:
        return _Above(self)


class _Above:
    """What lower features let upper ones do in the same transaction."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def open_personal_workspace(self, user_id: int) -> None:
        self._scope.workspaces.open_personal(user_id)

    def revoke_keys_of(self, user_id: int) -> int:
        return self._scope.keys.revoke_all_of(user_id)

    def opened(self, workspace_id: int) -> None:
        self._scope.credits.open_account(workspace_id)
