"""Queries of vouchers."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.core.repository import Repository
from ccmanage.core.sql import BulkInsert
from ccmanage.vouchers.models import Voucher, VoucherBatch, VoucherRedemption

_CODES = BulkInsert("vouchers", ("batch_id", "digest", "last_four", "used"), "ibbi")


class VoucherRepository(Repository[VoucherBatch]):
    """Batches, their codes and what became of them."""

    model = VoucherBatch

    def batches(self, ask: PageRequest) -> Page[VoucherBatch]:
        """Return batches, newest first."""
        return self.page(select(VoucherBatch), ask, VoucherBatch.id)

    def add_codes(self, rows: Sequence[tuple[int, bytes, bytes, int]]) -> None:
        """Insert the codes of a batch."""
        _CODES.run(self.connection, rows)

    def locked_code(self, digest: bytes) -> Voucher | None:
        """Find a code and lock it, so that its uses are counted one by one."""
        return self.session.scalars(select(Voucher).where(Voucher.digest == digest).with_for_update()).one_or_none()

    def has_redeemed(self, workspace_id: int, voucher: Voucher, *, once: bool) -> bool:
        """Tell whether a workspace has had this code, or any of its batch."""
        same = VoucherRedemption.batch_id == voucher.batch_id if once else VoucherRedemption.voucher_id == voucher.id
        statement = select(VoucherRedemption.id).where(same, VoucherRedemption.workspace_id == workspace_id)
        return self.session.scalars(statement.limit(1)).first() is not None

    def add_redemption(self, row: VoucherRedemption) -> None:
        """Keep that a code was redeemed."""
        self.session.add(row)
        self.session.flush()

    def redemptions(self, batch_id: int, ask: PageRequest) -> Page[VoucherRedemption]:
        """Return the redemptions of a batch, newest first."""
        statement = select(VoucherRedemption).where(VoucherRedemption.batch_id == batch_id)
        if (after := ask.position()) is not None:
            statement = statement.where(VoucherRedemption.id < after[0])
        rows = list(self.session.scalars(statement.order_by(VoucherRedemption.id.desc()).limit(ask.limit + 1)))
        return page_of(rows, ask, lambda row: (row.id,))

    def redeemed(self, batch_ids: Iterable[int]) -> dict[int, int]:
        """Count the redemptions of batches."""
        rows = self.session.execute(
            select(VoucherRedemption.batch_id, func.count())
            .where(VoucherRedemption.batch_id.in_(set(batch_ids)))
            .group_by(VoucherRedemption.batch_id)
        )
        return {number: int(count) for number, count in rows}
