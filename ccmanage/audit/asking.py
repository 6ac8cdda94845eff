"""What can be asked of the audit log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries are meant; what is None does not matter. `action` ending in `.` means all of a feature."""

    action: str | None = None
    actor_user_id: int | None = None
    subject_id: str | None = None
    workspace_id: int | None = None
    request_id: str | None = None
    from_at: int | None = None
    to_at: int | None = None
