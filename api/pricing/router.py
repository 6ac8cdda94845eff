"""`/v1/admin/prices`: see, set, withdraw and import prices; explain what a call costs."""

from typing import Annotated, Literal

from fastapi import Query

from api.deps import Admin, PageDep, ScopeDep
from api.openapi import problems
from api.pricing.receipts import PreviewIn, QuoteOut
from api.pricing.schemas import ImportIn, ImportOut, ManualPriceIn, PriceOut, UnpricedOut, WithdrawIn
from api.routing import router
from api.schemas import PageOut
from ccmanage.core.ids import PRICE, decode_id
from ccmanage.pricing.rules import Origin

prices = router("/v1/admin/prices", "admin prices")

ModelQuery = Annotated[
    str | None, Query(max_length=200, description="A model's name, or a part of one: the prices that it finds.")
]


@prices.get("")
def list_(
    _caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    model: ModelQuery = None,
    origin: Literal["library", "manual"] | None = None,
) -> PageOut[PriceOut]:
    """Return prices with all their versions, newest first."""
    page = scope.pricing.page(ask, model=model, origin=Origin[origin.upper()] if origin else None)
    return PageOut[PriceOut].of(page, PriceOut.of)


@prices.post("", status_code=201)
def create(_caller: Admin, scope: ScopeDep, body: ManualPriceIn) -> PriceOut:
    """Set a manual price. A second one for the same pattern and time is its next version."""
    return PriceOut.of(scope.pricing.add_manual(body.to_domain(scope.clock.now_ms())))


@prices.post("/preview", responses=problems(404))
def preview(_caller: Admin, scope: ScopeDep, body: PreviewIn) -> QuoteOut:
    """Explain what a call costs, line by line; nothing is written."""
    return QuoteOut.of(scope.pricing.preview(body.to_domain(scope.clock.now_ms())))


@prices.get("/unpriced")
def unpriced(_caller: Admin, scope: ScopeDep) -> list[UnpricedOut]:
    """Return the models whose events wait for a price, the one with most events first."""
    return [
        UnpricedOut(
            model=found.model,
            events=found.events,
            tokens=found.tokens,
            first_at=found.first_at,
            last_at=found.last_at,
        )
        for found in scope.usage.unpriced_models()
    ]


@prices.post("/import")
def import_(_caller: Admin, scope: ScopeDep, body: ImportIn) -> ImportOut:
    """Bring the installed library's prices as new versions, or only show the difference."""
    return ImportOut.of(scope.pricing.import_library(dry_run=body.dry_run))


@prices.post("/{price_id}/withdraw", status_code=201)
def withdraw(_caller: Admin, scope: ScopeDep, price_id: str, body: WithdrawIn) -> PriceOut:
    """Take a manual price back from a time on; the library's price holds again. Returns the new version."""
    start = scope.clock.now_ms() if body.effective_from is None else body.effective_from
    written = scope.pricing.withdraw(decode_id(PRICE, price_id), effective_from=start, note=body.note)
    return PriceOut.of(written[0])
