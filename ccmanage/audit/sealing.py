"""Chain what was committed, and take away what is too old, whole seals at a time."""

from typing import Final

from ccmanage.audit.chain import START, SealedEntry, link
from ccmanage.audit.models import AuditEntry, AuditSeal
from ccmanage.audit.repository import AuditRepository
from ccmanage.core.clock import Clock

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

    def cut(self, before: int) -> int:
        """Take away the entries of some of the oldest seals whose entries are all older; returns how many went.

        The seals stay: the chain goes on from them, and shows where it was cut.
        """
        gone = 0
        for seal in self._repository.oldest_whole_seals(_CUT_SEALS):
            if seal.last_at >= before:
                break
            gone += self._repository.delete_sealed(seal.id)
            seal.cut_at = self._clock.now_ms()
        return gone


def sealed_entry(entry: AuditEntry) -> SealedEntry:
    """Return what a seal covers of an entry."""
    return SealedEntry(*(getattr(entry, name) for name in SealedEntry._fields))
