"""What an audit found: findings, counts, heads of the chains, and how far the next run need not look back."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from ccmanage.core.clock import to_rfc3339

INVARIANTS: Final[Mapping[str, str]] = {
    "I1": "nothing vanishes",
    "I2": "each event once",
    "I3": "the balance is the ledger",
    "I4": "grants stay in bounds",
    "I5": "charges match events",
    "I6": "rollups match events",
    "I7": "the ledger is append only",
    "I8": "one renewal per period",
    "I9": "one message per reason",
    "I10": "holds are honest",
    "A1": "the audit log is one chain",
}
# What is kept of each invariant; all are counted. Broken books break in many rows at once.
MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be. `where` names rows by their inside numbers."""

    invariant: str
    check: str
    where: Mapping[str, int | str]
    expected: str
    found: str

    def __str__(self) -> str:
        place = " ".join(f"{name}={value}" for name, value in self.where.items())
        return f"{self.invariant} {self.check}: {place}: expected {self.expected}, found {self.found}"


def finding(invariant: str, check: str, where: Mapping[str, int | str], expected: object, found: object) -> Finding:
    """Make a finding of whatever values differ."""
    return Finding(invariant, check, where, _shown(expected), _shown(found))


def _shown(value: object) -> str:
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to where the books are proven: numbers of rows, and the instant of the proof."""

    batch: int = 0
    settlement: int = 0
    event: int = 0
    at: int = 0
    renewal: int = 0
    seal: int = 0
    hold: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a workspace's chain. Kept outside the database it shows later whether a tail was cut."""

    workspace: int
    seq: int
    hash: str


@dataclass(slots=True)
class BooksReport:
    """The result of one audit. `complete` is False when it was told to stop: then it proves nothing new."""

    at: int
    is_full: bool
    start: Watermark
    reached: Watermark
    seconds: float = 0.0
    complete: bool = False
    checked: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    chains: int = 0
    heads_digest: str = ""
    heads: list[Head] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.broken

    @property
    def watermark(self) -> Watermark:
        """Where the next scheduled run goes on: what is broken is found again until it is mended."""
        if not self.complete or not self.is_clean:
            return self.start
        return self.reached

    def add(self, findings: Iterable[Finding]) -> None:
        """Count findings, and keep the first of each invariant."""
        for one in findings:
            self.broken[one.invariant] += 1
            if self.broken[one.invariant] <= MOST_FINDINGS:
                self.findings.append(one)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values; amounts and sums are texts, since JSON readers round large numbers."""
        return {
            "at": to_rfc3339(self.at),
            "full": self.is_full,
            "complete": self.complete,
            "clean": self.is_clean,
            "seconds": round(self.seconds, 3),
            "checked": dict(sorted(self.checked.items())),
            "invariants": {name: self.broken[name] for name in INVARIANTS},
            "findings": [
                {**asdict(one), "where": dict(one.where)} for one in sorted(self.findings, key=lambda f: f.invariant)
            ],
            "chains": {"count": self.chains, "digest": self.heads_digest},
            "heads": [asdict(head) for head in self.heads],
            "watermark": asdict(self.watermark),
        }

    def lines(self) -> Iterator[str]:
        """Return the report as text for people."""
        scope = "all books" if self.is_full else f"what came after {to_rfc3339(self.start.at)}"
        yield f"Audited {scope} in {self.seconds:.1f} s" + ("" if self.complete else ", and was stopped before the end")
        yield "Checked: " + (
            ", ".join(f"{count:,} {name}" for name, count in sorted(self.checked.items())) or "nothing"
        )
        for name, meaning in INVARIANTS.items():
            count = self.broken[name]
            yield f"  {name} {meaning}: " + (
                f"{count:,} broken" if count else "holds" if self.complete else "no finding"
            )
        for one in sorted(self.findings, key=lambda f: f.invariant):
            yield str(one)
        for name, count in sorted(self.broken.items()):
            if count > MOST_FINDINGS:
                yield f"{name}: {count - MOST_FINDINGS:,} more are not listed"
        for head in self.heads:
            yield f"head workspace={head.workspace} seq={head.seq} hash={head.hash}"
        yield f"Heads of {self.chains:,} chains: {self.heads_digest}"


def watermark_of(stored: bytes) -> Watermark:
    """Read the watermark out of a stored report."""
    return Watermark(**json.loads(stored)["watermark"])
