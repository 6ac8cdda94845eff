"""Messages to the workers. The row is the truth; a message is only a nudge."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True)
class Task:
    """A typed message of primitives. Subclasses give the wire name and the queue."""

    name: ClassVar[str]
    queue: ClassVar[str] = "default"

    def payload(self) -> dict[str, Any]:
        """Return the fields that travel."""
        return asdict(self)


class Queue(Protocol):
    """Carries messages to the workers; may lose any of them."""

    def send(self, task: Task) -> None:
        """Send one message. Never raises: a lost nudge costs time, not data."""
        ...
