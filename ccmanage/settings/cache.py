"""The process's copy of what was set."""

from collections.abc import Callable, Mapping

# A copy is at most a second old when it is used: a change reaches every process within two.
MAX_AGE_MS = 1_000


class SettingsCache:
    """One a process, shared by its threads. Two threads may load at once: both find the same."""

    def __init__(self) -> None:
        self._held: tuple[Mapping[str, bytes], int] | None = None

    def values(self, load: Callable[[], Mapping[str, bytes]], now_ms: int) -> Mapping[str, bytes]:
        """Return what was set, looked up again at least every second."""
        held = self._held
        if held is not None and abs(now_ms - held[1]) < MAX_AGE_MS:
            return held[0]
        values = load()
        self._held = (values, now_ms)
        return values

    def expire(self) -> None:
        """Look again at the next question: this process has written."""
        self._held = None
