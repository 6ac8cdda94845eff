"""A process that renews what is due at a given instant and ends: `python -m support.renewing URL NOW`.

With a third argument `move` it goes on with moves of subscribers instead.

It takes its failpoint from the environment, as every process does, and can be killed at any moment.
"""

from __future__ import annotations

import sys

from ccmanage.adapters.dramatiq_queue import SilentQueue
from ccmanage.bootstrap import Runtime
from support.doubles import FixedClock
from support.world import settings_for


def main(url: str, now: int, what: str = "renew") -> None:
    """Renew until nothing is due, or move until nobody is left."""
    runtime = Runtime(settings_for(url), SilentQueue(), clock=FixedClock(now))
    sys.stdout.write("renewing\n")
    sys.stdout.flush()
    (runtime.mover if what == "move" else runtime.renewer).run()
    runtime.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
