"""Usage: settle, sweep, charge what had no price."""

import time

from ccmanage.bootstrap import Runtime
from ccmanage.pricing.tasks import PricesChanged
from ccmanage.usage.tasks import ChargeLatePrices, SettleUsage, SweepInbox
from workers.registry import handles
from workers.settling import settle

# A message is done within this time, so that a process can stop; what is left asks for another message.
_LONGEST_SECONDS = 5.0


@handles(SettleUsage)
def settle_usage(runtime: Runtime, task: SettleUsage) -> None:
    """Settle what waits in the inbox."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if settle(runtime, should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)


@handles(SweepInbox)
def sweep_inbox(runtime: Runtime, _task: SweepInbox) -> None:
    """Nudge again for what waits too long."""
    runtime.run(lambda scope: scope.usage.sweep())


@handles(ChargeLatePrices)
def charge_late_prices(runtime: Runtime, _task: ChargeLatePrices) -> None:
    """Charge events whose price is known by now."""
    runtime.charge_late_prices()


@handles(PricesChanged)
def prices_changed(runtime: Runtime, _task: PricesChanged) -> None:
    """Have events charged that waited for the new prices."""
    runtime.queue.send(ChargeLatePrices())
