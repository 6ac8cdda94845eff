"""One transaction with all its services."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

from ccmanage.bootstrap.base import Above
from ccmanage.bootstrap.privacy import PrivacyScope
from ccmanage.privacy.consents import TERMS


class Scope(PrivacyScope):
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

    def agree_to_terms(self, user_id: int, *, language: str, address: str) -> None:
        self._scope.consents.give(user_id, TERMS.name, source="registration", language=language, address=address)

    def opened(self, workspace_id: int) -> None:
        self._scope.credits.open_account(workspace_id)

    def weighing(self, workspace_id: int) -> AbstractContextManager[None]:
        view = self._scope.subscription_views.find(workspace_id)
        base_nano = self._scope.credits.allowance_of(view.standing.renewal_id) if view else 0
        return self._scope.credits.weighing(workspace_id, base_nano)

    def heard(self, action: str, subject: tuple[str, str], workspace_id: int, after: Mapping[str, Any] | None) -> None:
        self._scope.happenings.hear(action, subject, workspace_id, after)

    def hand_keys_of(self, user_id: int) -> tuple[int, int]:
        return self._scope.leaving_keys.hand_to_owners(user_id)

    def tell_suspended(self, user_id: int, *, keys_handed: bool) -> None:
        self._scope.letters.suspended(self._scope.accounts.by_number(user_id), keys_handed=keys_handed)

    def revoke_keys_in(self, workspace_id: int, made_by: int | None) -> int:
        return self._scope.leaving_keys.revoke_in(workspace_id, made_by)

    def reassign_keys_in(self, workspace_id: int, made_by: int, to_user_id: int) -> int:
        return self._scope.leaving_keys.reassign_in(workspace_id, made_by, to_user_id)

    def end_subscription(self, workspace_id: int) -> bool:
        return self._scope.subscriptions.end(workspace_id)
