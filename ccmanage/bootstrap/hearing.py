"""Deeds are told to others as the audit log records them: the features that do them need not know."""

from collections.abc import Mapping
from typing import Any, Protocol

from ccmanage.audit.service import AuditService


class Hears(Protocol):
    """What is told of deeds."""

    def heard(self, action: str, subject: tuple[str, str], workspace_id: int, after: Mapping[str, Any] | None) -> None:
        """Tell others of a deed that the audit log records."""
        ...


class HeardAudit(AuditService):
    """The audit log, with somebody who listens."""

    def __init__(self, *parts: Any, hears: Hears) -> None:
        super().__init__(*parts)
        self._hears = hears

    def record(
        self,
        action: str,
        subject: tuple[str, str],
        *,
        workspace_id: int = 0,
        after: Mapping[str, Any] | None = None,
        **details: Any,
    ) -> None:
        """Record a deed, and let it be heard in the same transaction."""
        super().record(action, subject, workspace_id=workspace_id, after=after, **details)
        self._hears.heard(action, subject, workspace_id, after)
