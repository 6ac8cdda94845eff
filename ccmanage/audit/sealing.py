"""Chain what was committed, and take away what is too old, whole seals at a time."""

from typing import Final

from ccmanage.audit.chain import START, SealedEntry, link
from ccmanage.audit.models import AuditEntry, AuditSeal
from ccmanage.audit.repository import AuditRepository
from ccmanage.core.clock import Clock
from ccmanage.core.retaining import Taken

_ENTRIES: Final = 1_000
_CUT_SEALS: Final = 20


class Sealer:
    """Seals the log. Two at once meet at the next seal's number: one of them is rolled back and finds nothing left."""

    def __init__(self, repository: AuditRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    def seal(self) -> int:
        """Put the oldest unsealed entries under a new seal; returns how many there were.

        Only what is committed is seen. An entry with a lower number that is committed later comes under a later
        seal.
        """
        entries = self._repository.unsealed(_ENTRIES)
        if not entries:
            return 0
        last = self._repository.last_seal()
        number, before = (last.id + 1, last.hash) if last else (1, START)
        self._repository.add_seal(
            AuditSeal(
                id=number,
                at=self._clock.now_ms(),
                entries=len(entries),
                last_at=max(entry.at for entry in entries),
                prev_hash=before,
                hash=link(before, number, [sealed_entry(entry) for entry in entries]),
                cut_at=0,
            )
        )
        self._repository.mark_sealed([entry.id for entry in entries], number)
        return len(entries)

    def cut(self, before: int, mark: int = 0) -> Taken:
        """Take away the entries of some of the oldest seals after a mark whose entries are all older.

        The seals stay: the chain goes on from them, and shows where it was cut.
        """
        gone, reached = 0, mark
        seals = self._repository.oldest_whole_seals(mark, _CUT_SEALS)
        for seal in seals:
            if seal.last_at >= before:
                return Taken(gone, reached, more=False)
            gone += self._repository.delete_sealed(seal.id)
            seal.cut_at, reached = self._clock.now_ms(), seal.id
        return Taken(gone, reached, more=len(seals) == _CUT_SEALS)


def sealed_entry(entry: AuditEntry) -> SealedEntry:
    """Return what a seal covers of an entry."""
    return SealedEntry(*(getattr(entry, name) for name in SealedEntry._fields))
