"""What privacy asks of the outbox; the composition root passes it in."""

from typing import Protocol


class PrivacyMail(Protocol):
    """Mails about exports and erasures, and the end of everything in the outbox that is a person's."""

    def export_ready(self, user_id: int, export_id: str, hours: int) -> None:
        """Tell that the copy can be downloaded."""
        ...

    def deletion_requested(self, user_id: int, erasure_id: str, due_at: int) -> None:
        """Tell when the account will be deleted."""
        ...

    def erase(self, user_id: int, address: str) -> None:
        """Cancel what waits for the person, forget every address and text of theirs."""
        ...
