"""The parts of a person's archive. What a table declares for export is a part by itself; the others stand here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, to_rfc3339
from ccmanage.core.crypto import KeyRing
from ccmanage.core.money import format_credits
from ccmanage.core.personal import Declaration
from ccmanage.credits.models import EntryKind
from ccmanage.privacy.reading import Record, rows_of, shown
from ccmanage.privacy.registry import declarations
from ccmanage.usage.models import SLOT_MS
from ccmanage.workspaces.models import MemberRole

_PAGE: Final = 1_000
_SLOTS_A_DAY: Final = DAY // SLOT_MS
_COUNTS: Final = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "web_searches",
)  # fmt: skip

_PLACES = text(
    "SELECT w.id, w.name, w.kind, m.role, m.created_at FROM members m JOIN workspaces w ON w.id = m.workspace_id"
    " WHERE m.user_id = :person ORDER BY w.id"
)
# Wherever the person ever held a key, even if they have left since.
_WORKED_IN = text(
    "SELECT workspace_id FROM members WHERE user_id = :person"
    " UNION SELECT workspace_id FROM api_keys WHERE user_id = :person"
)
_DAYS = text(
    "SELECT r.slot - r.slot % :day AS start, n.name, SUM(r.events), SUM(r.errors), "
    + ", ".join(f"SUM(r.{name})" for name in _COUNTS)
    + ", SUM(r.credits_nano) FROM rollups r LEFT JOIN model_names n ON n.id = r.model_id"
    " WHERE r.workspace_id = :workspace AND r.user_id = :person GROUP BY r.slot - r.slot % :day, n.name"
    " ORDER BY 1, 2"
)
_EVENTS = text(
    "SELECT e.event_at, e.id, e.event_id, e.received_at, n.name, p.label, e.session_label, e.is_error, "
    + ", ".join(f"e.{name}" for name in _COUNTS)
    + ", e.credits_nano FROM events e LEFT JOIN model_names n ON n.id = e.model_id"
    " LEFT JOIN projects p ON p.id = e.project_id WHERE e.workspace_id = :workspace AND e.user_id = :person"
    " AND (e.event_at > :at OR e.event_at = :at AND e.id > :number) ORDER BY e.event_at, e.id LIMIT :most"
)
_LEDGER = text(
    "SELECT l.seq, l.at, l.kind, l.amount_nano, l.balance_after_nano FROM ledger l"
    " JOIN workspaces w ON w.id = l.workspace_id WHERE w.personal_user_id = :person AND l.seq > :number"
    " ORDER BY l.seq LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the parts are read from: one short transaction each."""

    session: Session
    ring: KeyRing
    audit: AuditService
    person: int
    person_id: str

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        return self.session.connection()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the archive: a name for its files, and its records."""

    name: str
    what: str
    records: Callable[[Source], Iterator[Record]]


def sections() -> list[Section]:
    """Return all parts, in the order in which they are written."""
    declared = [_declared(table, holds) for table, holds in declarations() if holds.export is not None]
    own = [
        Section("memberships", "The workspaces that you belong to, and your role there.", _memberships),
        Section("usage_by_day", "What you used, summed by day (UTC) and model.", _usage_by_day),
        Section("usage_events", "Your single calls.", _usage_events),
        Section("ledger", "Movements of credits in your personal workspace.", _ledger),
        Section("audit", "What was done by you and to your account.", _audit),
    ]
    return sorted([*declared, *own], key=lambda section: (section.name != "profile", section.name))


def _declared(table: Table, holds: Declaration) -> Section:
    assert holds.export is not None  # noqa: S101 - the caller has looked

    def records(source: Source) -> Iterator[Record]:
        for row in rows_of(source.session, table, holds, source.person):
            yield shown(row._asdict(), holds, source.ring)

    return Section(holds.export, holds.what, records)


def _memberships(source: Source) -> Iterator[Record]:
    for row in source.connection.execute(_PLACES, {"person": source.person}):
        yield {
            "workspace": row.name,
            "kind": "shared" if row.kind else "personal",
            "role": MemberRole(row.role).name.lower(),
            "since": to_rfc3339(row.created_at),
        }


def _worked_in(source: Source) -> list[int]:
    return sorted(source.connection.execute(_WORKED_IN, {"person": source.person}).scalars())


def _usage_by_day(source: Source) -> Iterator[Record]:
    for workspace in _worked_in(source):
        bounds = {"workspace": workspace, "person": source.person, "day": _SLOTS_A_DAY}
        for start, model, events, errors, *counts, credits in source.connection.execute(_DAYS, bounds).all():
            yield {
                "day": to_rfc3339(int(start) * SLOT_MS)[:10],
                "model": _text(model),
                "events": int(events),
                "errors": int(errors),
                **{name: int(count) for name, count in zip(_COUNTS, counts, strict=True)},
                "credits": format_credits(int(credits)),
            }


def _usage_events(source: Source) -> Iterator[Record]:
    for workspace in _worked_in(source):
        at, number = -1, 0
        while True:
            bounds = {"workspace": workspace, "person": source.person, "at": at, "number": number, "most": _PAGE}
            page = source.connection.execute(_EVENTS, bounds).all()
            for row in page:
                yield {
                    "event_id": _text(row.event_id),
                    "time": to_rfc3339(row.event_at),
                    "received_at": to_rfc3339(row.received_at),
                    "model": _text(row.name),
                    "project": _text(row.label),
                    "session": _text(row.session_label),
                    "status": "error" if row.is_error else "ok",
                    **{name: getattr(row, name) for name in _COUNTS},
                    "credits": format_credits(row.credits_nano),
                }
            if len(page) < _PAGE:
                break
            at, number = page[-1].event_at, page[-1].id


def _ledger(source: Source) -> Iterator[Record]:
    number = 0
    while True:
        page = source.connection.execute(_LEDGER, {"person": source.person, "number": number, "most": _PAGE}).all()
        for row in page:
            yield {
                "number": row.seq,
                "time": to_rfc3339(row.at),
                "kind": EntryKind(row.kind).name.lower(),
                "credits": format_credits(row.amount_nano),
                "balance_after": format_credits(row.balance_after_nano),
            }
        if len(page) < _PAGE:
            return
        number = page[-1].seq


def _audit(source: Source) -> Iterator[Record]:
    for recorded in source.audit.about(source.person, source.person_id):
        entry, details, own = recorded.entry, recorded.details, recorded.entry.actor_user_id == source.person
        yield {
            "time": to_rfc3339(entry.at),
            "by": "you" if own else "somebody else" if entry.actor_user_id else "the system",
            "action": entry.action,
            "subject": f"{entry.subject_kind} {entry.subject_id}",
            # Where somebody else was when they did it is theirs.
            "from": details.get("address", "") if own else "",
            "before": details.get("before"),
            "after": details.get("after"),
        }


def _text(value: bytes | None) -> str:
    return bytes(value).decode(errors="replace") if value else ""
