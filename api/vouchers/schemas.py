"""Bodies of vouchers."""

from typing import Annotated

from pydantic import Field

from api.schemas import Credits, CreditsIn, In, Moment, MomentIn, Name, Out, Ref, ShownOnce
from ccmanage.accounts.values import Account
from ccmanage.core.ids import USER, VOUCHER, WORKSPACE, encode_id
from ccmanage.vouchers.models import VoucherBatch, VoucherRedemption
from ccmanage.vouchers.service import MAX_CODES, IssuedBatch, NewBatch
from ccmanage.workspaces.models import Workspace


class RedeemIn(In):
    """A code as it was typed; case, spaces and hyphens do not matter."""

    code: Annotated[str, Field(min_length=1, max_length=80, examples=["CCV-7Q4M-2ZK9-…"])]


class VoucherBatchIn(In):
    """Codes to be made: what each gives, how often it can be redeemed, until when."""

    name: Name
    credits: CreditsIn
    codes: Annotated[int, Field(ge=1, le=MAX_CODES)]
    uses: Annotated[int, Field(ge=1, le=1_000_000, description="How many workspaces may redeem the same code.")] = 1
    one_per_workspace: bool = True
    credits_last_days: Annotated[int, Field(ge=1, le=3_660)] | None = None
    expires_at: MomentIn | None = None

    def to_domain(self) -> NewBatch:
        """Return what is wanted."""
        return NewBatch(
            name=self.name,
            amount_nano=self.credits,
            codes=self.codes,
            uses=self.uses,
            once=self.one_per_workspace,
            lasts_days=self.credits_last_days or 0,
            expires_at=self.expires_at or 0,
        )


class VoucherBatchFields(Out):
    """What a batch is."""

    id: str
    name: str
    credits: Credits
    codes: int
    uses: int
    one_per_workspace: bool
    credits_last_days: int | None
    expires_at: Moment | None
    withdrawn_at: Moment | None
    redeemed: int
    created_at: Moment


class VoucherBatchOut(VoucherBatchFields):
    """A batch, without its codes: only digests of them are kept."""

    @classmethod
    def of(cls, batch: VoucherBatch, redeemed: int) -> "VoucherBatchOut":
        """Make the answer."""
        return cls(**_fields(batch, redeemed))


class VoucherBatchIssuedOut(VoucherBatchFields, ShownOnce):
    """A new batch with its codes, which are shown here and never again."""

    items: list[str]

    @classmethod
    def of(cls, issued: IssuedBatch) -> "VoucherBatchIssuedOut":
        """Make the answer."""
        return cls(**_fields(issued.batch, 0), items=list(issued.codes))


class RedemptionOut(Out):
    """Who redeemed a code of a batch."""

    workspace: Ref
    user: Ref
    at: Moment

    @classmethod
    def of(cls, row: VoucherRedemption, workspace: Workspace, user: Account | None) -> "RedemptionOut":
        """Make the answer."""
        return cls(
            workspace=Ref(id=encode_id(WORKSPACE, workspace.public_id), name=workspace.name),
            user=Ref(id=encode_id(USER, user.public_id), name=user.name) if user else Ref(id="", name=""),
            at=row.at,
        )


def _fields(batch: VoucherBatch, redeemed: int) -> dict[str, object]:
    return {
        "id": encode_id(VOUCHER, batch.public_id),
        "name": batch.name,
        "credits": batch.amount_nano,
        "codes": batch.codes,
        "uses": batch.uses,
        "one_per_workspace": bool(batch.once),
        "credits_last_days": batch.lasts_days or None,
        "expires_at": batch.expires_at or None,
        "withdrawn_at": batch.withdrawn_at or None,
        "redeemed": redeemed,
        "created_at": batch.created_at,
    }
