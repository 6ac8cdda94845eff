"""Places where a test may end a process, as a power cut would. Off unless `CCMANAGE_FAIL` names one."""

import os
import signal

_ARMED = os.environ.get("CCMANAGE_FAIL", "")


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL if the environment armed the place of that name."""
    if _ARMED and name == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
