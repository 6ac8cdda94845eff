"""Use cases around limits of keys: people set their own inside what the package of the workspace allows."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import InvalidInput
from ccmanage.core.ids import KEY, encode_id
from ccmanage.keys.limits import (
    OwnLimits,
    beyond_package,
    decode_own,
    encode_ranges,
    own_faults,
    ranges_context,
)
from ccmanage.keys.models import ApiKey, DisabledCause, OwnLimitsRow
from ccmanage.keys.repository import KeyRepository
from ccmanage.keys.service import Keyring, KeyService
from ccmanage.packages.limits import KeyLimits, encode_limits

FIT_CHUNK = 200


@dataclass(frozen=True, slots=True)
class LimitsView:
    """What limits a key: its own, and the package's."""

    key: ApiKey
    own: OwnLimits
    package: KeyLimits


class KeyLimitService:
    """Limits of keys."""

    def __init__(
        self, repository: KeyRepository, keys: KeyService, ring: KeyRing, clock: Clock, audit: AuditService
    ) -> None:
        self._repository = repository
        self._keys = keys
        self._ring = ring
        self._clock = clock
        self._audit = audit

    def get(self, ring: Keyring, public_id: bytes) -> LimitsView:
        """Return what limits a key; raises KeyNotFound."""
        key = self._keys.found(ring, public_id)
        return LimitsView(key, self._own(key.id), self._keys.allowed(key.workspace_id))

    def set(self, ring: Keyring, public_id: bytes, own: OwnLimits) -> LimitsView:
        """Put a key's own limits in the place of those it had; raises KeyNotFound, InvalidInput."""
        key = self._keys.found(ring, public_id, lock=True)
        package = self._keys.allowed(key.workspace_id)
        faults = [*own_faults(own)] or [*beyond_package(own.limits, package)]
        if faults:
            raise InvalidInput("Some limits are not right.", fields=faults)
        before = self._own(key.id)
        if own != before:
            ranges = encode_ranges(own)
            row = OwnLimitsRow(
                key_id=key.id,
                limits=encode_limits(own.limits),
                ranges_sealed=self._ring.encrypt(ranges, ranges_context(key.id)) if ranges else None,
                updated_at=self._clock.now_ms(),
            )
            self._repository.put_limits(row)
            subject = ("key", encode_id(KEY, key.public_id))
            self._audit.record(
                "keys.limit",
                subject,
                workspace_id=key.workspace_id,
                before={"limits": encode_limits(before.limits).decode()},
                after={"limits": encode_limits(own.limits).decode(), "ranges": bool(ranges)},
            )
        return LimitsView(key, own, package)

    def fit_to(self, bounds: Mapping[int, int]) -> int:
        """Disable what exceeds the plan in workspaces that may have so many keys, newest first; returns how many.

        A key that is enabled again is counted anew.
        """
        counts = self._repository.enabled_counts(bounds)
        return sum(self._fit(number, most) for number, most in bounds.items() if counts.get(number, 0) > most)

    def fit_all(self) -> int:
        """Do that for all workspaces: a key may have been made while the plan shrank; returns how many there were."""
        return self.fit_to(self._keys.overfull(FIT_CHUNK))

    def _fit(self, workspace_id: int, most: int) -> int:
        surplus = self._repository.lock_enabled(workspace_id)[most:]
        for key in reversed(surplus):
            self._keys.rest(key, DisabledCause.PLAN)
        return len(surplus)

    def _own(self, key_id: int) -> OwnLimits:
        row = self._repository.limits_row(key_id)
        if row is None:
            return OwnLimits()
        sealed = row.ranges_sealed
        return decode_own(row.limits, self._ring.decrypt(sealed, ranges_context(key_id)) if sealed else "")
