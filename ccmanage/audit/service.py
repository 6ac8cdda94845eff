"""Write and read the audit log."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccmanage.audit.models import AuditEntry
from ccmanage.audit.repository import AuditRepository
from ccmanage.core.clock import Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.ids import new_id
from ccmanage.core.pagination import Page, PageRequest


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where. Number 0 is the system itself or its command line."""

    user_id: int = 0
    request_id: str = ""
    address: str = ""
    # Whom an administrator looks as; 0 = nobody.
    as_user_id: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with its erasable side ({} once erased)."""

    entry: AuditEntry
    details: Mapping[str, Any]


class AuditService:
    """Records deeds in the transaction that does them: both are there, or neither."""

    def __init__(self, repository: AuditRepository, ring: KeyRing, clock: Clock, actor: Actor) -> None:
        self._repository = repository
        self._ring = ring
        self._clock = clock
        self._actor = actor

    @property
    def actor(self) -> Actor:
        """Who is acting in this transaction."""
        return self._actor

    def record(
        self,
        action: str,
        subject: tuple[str, str],
        *,
        workspace_id: int = 0,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Record a deed on a `(kind, outside id)`. Values must hold no secret; they can be erased later.

        The entry keeps a salted commitment to the details, so that what is left can still be proven.
        """
        details = {"before": before, "after": after, "reason": reason, "address": self._actor.address}
        plain = json.dumps(
            {"salt": os.urandom(16).hex(), **{key: value for key, value in details.items() if value}},
            sort_keys=True,
            ensure_ascii=False,
        )
        public_id = new_id()
        entry = self._repository.add(
            AuditEntry(
                public_id=public_id,
                at=self._clock.now_ms(),
                actor_user_id=self._actor.user_id,
                as_user_id=self._actor.as_user_id,
                action=action,
                subject_kind=subject[0],
                subject_id=subject[1],
                workspace_id=workspace_id,
                request_id=self._actor.request_id,
                commitment=hashlib.sha256(plain.encode()).digest(),
            )
        )
        self._repository.add_detail(entry, self._ring.encrypt(plain, f"audit_details:{public_id.hex()}"))

    def page(self, ask: PageRequest, *, action: str | None = None, actor_user_id: int | None = None) -> Page[Recorded]:
        """Return the log, newest first."""
        page = self._repository.page_of_log(ask, action=action, actor_user_id=actor_user_id)
        sealed = self._repository.details_of([entry.id for entry in page.items])
        return page.map(lambda entry: Recorded(entry, self._open(entry, sealed.get(entry.id))))

    def _open(self, entry: AuditEntry, sealed: bytes | None) -> Mapping[str, Any]:
        if sealed is None:
            return {}
        details: dict[str, Any] = json.loads(self._ring.decrypt(sealed, f"audit_details:{entry.public_id.hex()}"))
        details.pop("salt", None)
        return details
