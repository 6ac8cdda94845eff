"""Make vouchers, withdraw them, redeem them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, Clock
from ccmanage.core.errors import invalid
from ccmanage.core.ids import VOUCHER, encode_id, new_id
from ccmanage.core.money import MAX_GRANT_NANO, format_credits
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.security import Digester
from ccmanage.core.text import clean_name
from ccmanage.credits.models import Grant, Origin
from ccmanage.credits.service import CreditService, NewGrant
from ccmanage.vouchers import rules
from ccmanage.vouchers.errors import (
    CodeMistyped,
    RedeemedAlready,
    VoucherExpired,
    VoucherNotFound,
    VoucherUsedUp,
    VoucherWithdrawn,
)
from ccmanage.vouchers.models import Voucher, VoucherBatch, VoucherRedemption
from ccmanage.vouchers.repository import VoucherRepository

MAX_CODES: Final = 10_000


@dataclass(frozen=True, slots=True)
class NewBatch:
    """Codes that somebody wants. `lasts_days` and `expires_at` 0 mean for ever."""

    name: str
    amount_nano: int
    codes: int
    uses: int = 1
    once: bool = True
    lasts_days: int = 0
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class IssuedBatch:
    """A new batch and its codes, which are shown this once."""

    batch: VoucherBatch
    codes: Sequence[str]


class VoucherService:
    """Use cases of vouchers."""

    def __init__(
        self,
        repository: VoucherRepository,
        credits: CreditService,
        digester: Digester,
        clock: Clock,
        audit: AuditService,
    ) -> None:
        self._repository = repository
        self._credits = credits
        self._digester = digester
        self._clock = clock
        self._audit = audit

    def issue(self, new: NewBatch, made_by: int) -> IssuedBatch:
        """Make a batch; its codes are returned here and never again."""
        now = self._clock.now_ms()
        _check(new, now)
        batch = self._repository.add(
            VoucherBatch(
                public_id=new_id(),
                name=clean_name(new.name),
                amount_nano=new.amount_nano,
                lasts_days=new.lasts_days,
                codes=new.codes,
                uses=new.uses,
                once=int(new.once),
                expires_at=new.expires_at,
                withdrawn_at=0,
                created_by=made_by,
                created_at=now,
            )
        )
        codes = [_new_code() for _ in range(new.codes)]
        self._repository.add_codes([(batch.id, self._digest(code), code[-4:].encode(), 0) for code in codes])
        facts = {"credits": format_credits(new.amount_nano), "codes": new.codes, "uses": new.uses}
        self._audit.record("vouchers.issue", _subject(batch), after=facts)
        return IssuedBatch(batch, codes)

    def page(self, ask: PageRequest) -> Page[VoucherBatch]:
        """Return batches, newest first."""
        return self._repository.batches(ask)

    def get(self, public_id: bytes) -> VoucherBatch:
        """Return a batch; raises VoucherNotFound."""
        batch = self._repository.by_public_id(public_id)
        if batch is None:
            raise VoucherNotFound
        return batch

    def redeemed(self, batches: Sequence[VoucherBatch]) -> Mapping[int, int]:
        """Count how often codes of batches were redeemed."""
        return self._repository.redeemed(batch.id for batch in batches)

    def redemptions(self, batch: VoucherBatch, ask: PageRequest) -> Page[VoucherRedemption]:
        """Return who redeemed codes of a batch, newest first."""
        return self._repository.redemptions(batch.id, ask)

    def withdraw(self, public_id: bytes, reason: str) -> VoucherBatch:
        """Let no code of a batch be redeemed any more; what was given stays. A second time changes nothing."""
        found = self._repository.lock(self.get(public_id).id)
        if found is None:
            raise VoucherNotFound
        if not found.withdrawn_at:
            found.withdrawn_at = self._clock.now_ms()
            self._repository.session.flush()
            self._audit.record("vouchers.withdraw", _subject(found), reason=reason)
        return found

    def redeem(self, workspace_id: int, user_id: int, typed: str) -> Grant:
        """Give a workspace what a code is worth; raises what keeps it from that."""
        symbols = rules.normalised(typed)
        if symbols is None:
            raise CodeMistyped
        voucher = self._repository.locked_code(self._digester.digest(f"voucher/{symbols}"))
        if voucher is None:
            raise VoucherNotFound
        batch, now = self._batch_of(voucher), self._clock.now_ms()
        expires_at = now + batch.lasts_days * DAY if batch.lasts_days else 0
        grant = self._credits.grant(
            workspace_id, NewGrant(batch.amount_nano, Origin.VOUCHER, None, 0, expires_at), None
        )
        # Under the balance's lock: of two that come at once for one workspace the second sees the first.
        if self._repository.has_redeemed(workspace_id, voucher, once=bool(batch.once)):
            raise RedeemedAlready
        if voucher.used >= batch.uses:
            raise VoucherUsedUp
        voucher.used += 1
        self._repository.add_redemption(
            VoucherRedemption(
                voucher_id=voucher.id,
                batch_id=batch.id,
                workspace_id=workspace_id,
                once_workspace_id=workspace_id if batch.once else None,
                user_id=user_id,
                grant_id=grant.id,
                at=now,
            )
        )
        facts = {"credits": format_credits(batch.amount_nano)}
        self._audit.record("vouchers.redeem", _subject(batch), workspace_id=workspace_id, after=facts)
        return grant

    def _batch_of(self, voucher: Voucher) -> VoucherBatch:
        batch = self._repository.lock(voucher.batch_id)
        if batch is None:
            raise VoucherNotFound
        if batch.withdrawn_at:
            raise VoucherWithdrawn
        if 0 < batch.expires_at <= self._clock.now_ms():
            raise VoucherExpired
        return batch

    def _digest(self, code: str) -> bytes:
        return self._digester.digest(f"voucher/{rules.normalised(code)}")


def _new_code() -> str:
    return rules.code_of([secrets.randbelow(len(rules.ALPHABET)) for _ in range(rules.RANDOM_SYMBOLS)])


def _subject(batch: VoucherBatch) -> tuple[str, str]:
    return ("voucher_batch", encode_id(VOUCHER, batch.public_id))


def _check(new: NewBatch, now: int) -> None:
    if not 0 < new.amount_nano <= MAX_GRANT_NANO:
        raise invalid("/credits", "credits.out_of_range", "Give more than 0 and at most 1000000000 credits.")
    if not 1 <= new.codes <= MAX_CODES:
        raise invalid("/codes", "codes.out_of_range", f"Make from 1 to {MAX_CODES} codes at once.")
    if new.expires_at and new.expires_at <= now:
        raise invalid("/expires_at", "expires_at.past", "Choose an end in the future.")
