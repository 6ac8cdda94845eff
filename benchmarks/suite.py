"""The parts by name. `growth` prepares millions of rows and is run when it is named."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.context import Context
from benchmarks.parts import accepting, growing, holding, renewing, settling, signing_in, verifying

PARTS: dict[str, Callable[[Context], None]] = {
    "accepted": accepting.accepted,
    "single": accepting.single,
    "settled_zipf": settling.zipf,
    "settled_uniform": settling.uniform,
    "embedded": settling.embedded,
    "renewals": renewing.renewals,
    "sign_ins": signing_in.sign_ins,
    "verified": verifying.verified,
    "held": holding.held,
    "growth": growing.growth,
}
STANDARD = tuple(name for name in PARTS if name != "growth")
