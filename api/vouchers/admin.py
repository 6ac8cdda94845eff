"""`/v1/admin/vouchers`: make codes, see what became of them, withdraw them."""

from api.deps import Admin, PageDep, ScopeDep, StepUp
from api.routing import router
from api.schemas import PageOut, ReasonIn
from api.vouchers.schemas import RedemptionOut, VoucherBatchIn, VoucherBatchIssuedOut, VoucherBatchOut
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import VOUCHER, decode_id
from ccmanage.vouchers.models import VoucherBatch

vouchers = router("/v1/admin/vouchers", "admin vouchers")


@vouchers.get("")
def list_(caller: Admin, scope: ScopeDep, ask: PageDep) -> PageOut[VoucherBatchOut]:
    """List batches, newest first."""
    page = scope.vouchers.page(ask)
    counts = scope.vouchers.redeemed(page.items)
    return PageOut[VoucherBatchOut].of(page, lambda batch: VoucherBatchOut.of(batch, counts.get(batch.id, 0)))


@vouchers.post("", status_code=201)
def create(caller: Admin, fresh: StepUp, scope: ScopeDep, body: VoucherBatchIn) -> VoucherBatchIssuedOut:
    """Make a batch. Its codes are shown in this answer and never again."""
    return VoucherBatchIssuedOut.of(scope.vouchers.issue(body.to_domain(), caller.user_id))


@vouchers.get("/{voucher_id}")
def get(caller: Admin, scope: ScopeDep, voucher_id: str) -> VoucherBatchOut:
    """Return a batch."""
    return _out(scope, scope.vouchers.get(decode_id(VOUCHER, voucher_id)))


@vouchers.get("/{voucher_id}/redemptions")
def redemptions(caller: Admin, scope: ScopeDep, voucher_id: str, ask: PageDep) -> PageOut[RedemptionOut]:
    """List who redeemed codes of a batch, newest first."""
    page = scope.vouchers.redemptions(scope.vouchers.get(decode_id(VOUCHER, voucher_id)), ask)
    workspaces = scope.workspaces.named(row.workspace_id for row in page.items)
    users = scope.accounts.named(row.user_id for row in page.items)
    return PageOut[RedemptionOut].of(
        page, lambda row: RedemptionOut.of(row, workspaces[row.workspace_id], users.get(row.user_id))
    )


@vouchers.post("/{voucher_id}/withdraw")
def withdraw(caller: Admin, scope: ScopeDep, voucher_id: str, body: ReasonIn) -> VoucherBatchOut:
    """Let no code of a batch be redeemed any more; what was given stays."""
    return _out(scope, scope.vouchers.withdraw(decode_id(VOUCHER, voucher_id), body.reason))


def _out(scope: Scope, batch: VoucherBatch) -> VoucherBatchOut:
    return VoucherBatchOut.of(batch, scope.vouchers.redeemed([batch]).get(batch.id, 0))
