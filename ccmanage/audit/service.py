"""Write and read the audit log."""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ccmanage.audit.asking import LogFilter
from ccmanage.audit.models import AuditEntry
from ccmanage.audit.repository import AuditRepository
from ccmanage.core.clock import Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import NotFound
from ccmanage.core.ids import new_id
from ccmanage.core.pagination import Page, PageRequest


class EntryNotFound(NotFound):
    """There is no such entry, or retention took it away."""

    code = "audit.entry_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such entry in the audit log.")


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
    """An entry with its erasable side ({} once erased), and whether that is what was committed to."""

    entry: AuditEntry
    details: Mapping[str, Any]
    is_erased: bool
    is_intact: bool


_ALL = LogFilter()
_CHUNK = 500


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

    def page(self, ask: PageRequest, wanted: LogFilter = _ALL) -> Page[Recorded]:
        """Return the log, newest first."""
        page = self._repository.page_of_log(ask, wanted)
        sealed = self._repository.details_of([entry.id for entry in page.items])
        return page.map(lambda entry: self._open(entry, sealed.get(entry.id)))

    def get(self, public_id: bytes) -> Recorded:
        """Return one entry; raises EntryNotFound."""
        entry = self._repository.by_public_id(public_id)
        if entry is None:
            raise EntryNotFound
        return self._open(entry, self._repository.details_of([entry.id]).get(entry.id))

    def about(self, user_id: int, user_public_id: str) -> Iterator[Recorded]:
        """Return everything that a person did and that was done to them, oldest first."""
        after = 0
        while rows := self._repository.about(user_id, user_public_id, after, _CHUNK):
            sealed = self._repository.details_of([entry.id for entry in rows])
            yield from (self._open(entry, sealed.get(entry.id)) for entry in rows)
            after = rows[-1].id

    def erase_about(self, user_id: int, user_public_id: str, workspace_ids: Sequence[int]) -> bool:
        """Erase some readable sides of what a person did, of what was done to them and in workspaces of theirs.

        Tells whether there may be more. The entries stay, under the person's number and outside id.
        """
        return self._repository.erase_details(user_id, user_public_id, workspace_ids, _CHUNK) == _CHUNK

    def has_unsealed(self) -> bool:
        """Tell whether an entry waits for its seal."""
        return bool(self._repository.unsealed(1))

    def _open(self, entry: AuditEntry, sealed: bytes | None) -> Recorded:
        if sealed is None:
            return Recorded(entry, {}, is_erased=True, is_intact=True)
        plain = self._ring.decrypt(sealed, f"audit_details:{entry.public_id.hex()}")
        details: dict[str, Any] = json.loads(plain)
        details.pop("salt", None)
        intact = hmac.compare_digest(hashlib.sha256(plain.encode()).digest(), entry.commitment)
        return Recorded(entry, details, is_erased=False, is_intact=intact)
