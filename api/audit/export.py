"""The audit log as a file."""

import json
from typing import Any, Final

from api.audit.schemas import AuditOut
from ccmanage.core.clock import to_rfc3339
from ccmanage.core.spreadsheet import csv_lines

COLUMNS: Final = (
    "id", "time", "actor_id", "actor_name", "as_user_id", "as_user_name", "action", "subject_kind", "subject_id",
    "workspace_id", "workspace_name", "request_id", "address", "before", "after", "reason", "erased", "intact", "seal",
)  # fmt: skip


def csv_rows(lines: list[AuditOut]) -> bytes:
    """Return entries as lines of CSV in which nothing is a formula."""
    return csv_lines(
        [
            json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
            for value in record_of(line).values()
        ]
        for line in lines
    )


def ndjson_rows(lines: list[AuditOut]) -> bytes:
    """Return entries as JSON, one a line."""
    return b"".join(json.dumps(record_of(line), ensure_ascii=False).encode() + b"\n" for line in lines)


def record_of(line: AuditOut) -> dict[str, Any]:
    """Return an entry as one flat record; the order of its fields is the order of the columns."""
    return {
        "id": line.id,
        "time": to_rfc3339(line.at),
        "actor_id": line.actor.id if line.actor else None,
        "actor_name": line.actor.name if line.actor else None,
        "as_user_id": line.acting_as.id if line.acting_as else None,
        "as_user_name": line.acting_as.name if line.acting_as else None,
        "action": line.action,
        "subject_kind": line.subject.kind,
        "subject_id": line.subject.id,
        "workspace_id": line.workspace.id if line.workspace else None,
        "workspace_name": line.workspace.name if line.workspace else None,
        "request_id": line.request_id,
        "address": line.address,
        "before": line.before,
        "after": line.after,
        "reason": line.reason,
        "erased": line.erased,
        "intact": line.intact,
        "seal": line.seal,
    }
