"""A process that renews what is due at a given instant and ends: `python -m support.renewing URL NOW`.

It takes its failpoint from the environment, as every process does, and can be killed at any moment.
"""

from __future__ import annotations

import sys

from ccmanage.adapters.dramatiq_queue import SilentQueue
from ccmanage.bootstrap import Runtime
from support.doubles import FixedClock
from support.world import settings_for


def main(url: str, now: int) -> None:
    """Renew until nothing is due."""
    runtime = Runtime(settings_for(url), SilentQueue(), clock=FixedClock(now))
    sys.stdout.write("renewing\n")
    sys.stdout.flush()
    runtime.renewer.run()
    runtime.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
