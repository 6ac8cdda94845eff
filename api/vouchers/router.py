"""`/v1/vouchers`: redeem a code for the workspace."""

from api.credits.schemas import GrantOut
from api.deps import RuntimeDep, ScopeDep, WorkspaceMember
from api.openapi import problems
from api.routing import router
from api.vouchers.schemas import RedeemIn
from ccmanage.vouchers.errors import VoucherNotFound

vouchers = router("/v1/vouchers", "vouchers")


@vouchers.post("/redeem", responses=problems(404, 429))
def redeem(me: WorkspaceMember, scope: ScopeDep, runtime: RuntimeDep, body: RedeemIn) -> GrantOut:
    """Give the workspace what a code is worth. Who tries codes that do not exist has to wait, longer each time."""
    runtime.redemptions.begin(me.user_id)
    exists = True
    try:
        return GrantOut.of(scope.vouchers.redeem(me.workspace_id, me.user_id, body.code))
    except VoucherNotFound:
        exists = False
        raise
    finally:
        runtime.redemptions.decided(me.user_id, exists=exists)
