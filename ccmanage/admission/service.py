"""Use cases of admission that write: holds."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from ccmanage.admission.errors import HoldRefused
from ccmanage.admission.rules import Ask, Code, Snapshot, gate, spent
from ccmanage.admission.snapshots import SnapshotReader
from ccmanage.core.clock import Clock
from ccmanage.core.security import API_KEY_PREFIX, Digester, looks_like_secret
from ccmanage.credits.holds import HoldService, NewHold
from ccmanage.credits.models import Hold
from ccmanage.keys.errors import KeyNotFound
from ccmanage.keys.lookup import start_lives


@dataclass(frozen=True, slots=True)
class WantedHold:
    """What a gateway asks to be set aside."""

    secret: str
    amount_nano: int
    ttl_seconds: int
    gateway_id: int
    model: str = ""
    ip: str = ""
    idempotency_key: str = ""


class AdmissionService:
    """Strict permission to spend. Requests are not counted here: verify counts them."""

    def __init__(
        self, session: Session, reader: SnapshotReader, holds: HoldService, clock: Clock, digester: Digester
    ) -> None:
        self._session = session
        self._reader = reader
        self._holds = holds
        self._clock = clock
        self._digester = digester

    def snapshot(self, public_id: bytes) -> Snapshot:
        """Return what is known of a key at present; raises KeyNotFound."""
        found = self._reader.by_id(self._session.connection(), [public_id], self._clock.now_ms()).get(public_id)
        if found is None:
            raise KeyNotFound
        return found

    def hold(self, wanted: WantedHold) -> Hold:
        """Set credits aside for a call; raises HoldRefused, NotCovered, InvalidInput."""
        now, connection = self._clock.now_ms(), self._session.connection()
        digest = self._digester.digest(wanted.secret)
        known = looks_like_secret(wanted.secret, API_KEY_PREFIX)
        found = self._reader.by_digest(connection, [digest], now).get(digest) if known else None
        ask = Ask(wanted.model, wanted.ip, wanted.amount_nano)
        code = gate(found, ask, now)
        if code is not Code.VALID or found is None:
            raise HoldRefused(code)
        settled = spent(found, ask)
        # What is available is told under the lock, where expired holds do not count any more.
        if settled.code not in (Code.VALID, Code.INSUFFICIENT_CREDITS):
            raise HoldRefused(settled.code)
        hold = self._holds.place(
            NewHold(
                found.workspace_id,
                found.key_id,
                wanted.gateway_id,
                wanted.amount_nano,
                wanted.ttl_seconds,
                wanted.idempotency_key,
            )
        )
        if found.life_ms:
            start_lives(connection, [(found.key_id, now)])
        return hold
