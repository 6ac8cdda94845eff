"""Bodies of the audit log."""

from dataclasses import dataclass
from typing import Any

from api.schemas import Moment, Out, Ref
from ccmanage.accounts.values import Account
from ccmanage.audit.service import Recorded
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import AUDIT, USER, WORKSPACE, encode_id
from ccmanage.workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Named:
    """Who and what the entries of a page are about, by inside numbers."""

    people: dict[int, Account]
    workspaces: dict[int, Workspace]

    @classmethod
    def of(cls, scope: Scope, page: list[Recorded]) -> "Named":
        """Look up everybody and everything that a page names, with one query each."""
        entries = [recorded.entry for recorded in page]
        people = {number for entry in entries for number in (entry.actor_user_id, entry.as_user_id)}
        return cls(
            scope.accounts.named(people - {0}),
            scope.workspaces.named({entry.workspace_id for entry in entries} - {0}),
        )

    def person(self, number: int) -> Ref | None:
        """Return a person by name."""
        found = self.people.get(number)
        return Ref(id=encode_id(USER, found.public_id), name=found.name) if found else None

    def workspace(self, number: int) -> Ref | None:
        """Return a workspace by name."""
        found = self.workspaces.get(number)
        return Ref(id=encode_id(WORKSPACE, found.public_id), name=found.name) if found else None


class SubjectOut(Out):
    """The thing that a deed was done to."""

    kind: str
    id: str


class AuditOut(Out):
    """A deed. Without an actor it was the system itself or its command line."""

    id: str
    at: Moment
    actor: Ref | None
    # Whom the actor was looking as.
    acting_as: Ref | None
    action: str
    subject: SubjectOut
    workspace: Ref | None
    request_id: str
    # Where the request came from; empty where it did not come from outside, or once erased.
    address: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    # The readable side was erased; what is above `address` stays.
    erased: bool
    # Whether the readable side is what the entry committed to.
    intact: bool
    # The seal of the chain that covers the entry; null for the few seconds until it has one.
    seal: int | None

    @classmethod
    def of(cls, recorded: Recorded, named: Named) -> "AuditOut":
        """Make the answer."""
        entry, details = recorded.entry, recorded.details
        return cls(
            id=encode_id(AUDIT, entry.public_id),
            at=entry.at,
            actor=named.person(entry.actor_user_id),
            acting_as=named.person(entry.as_user_id),
            action=entry.action,
            subject=SubjectOut(kind=entry.subject_kind, id=entry.subject_id),
            workspace=named.workspace(entry.workspace_id),
            request_id=entry.request_id,
            address=details.get("address", ""),
            before=details.get("before"),
            after=details.get("after"),
            reason=details.get("reason"),
            erased=recorded.is_erased,
            intact=recorded.is_intact,
            seal=entry.seal_id or None,
        )
