"""Queries of the price book."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import func, select

from ccmanage.core.repository import Repository
from ccmanage.pricing.book import PriceBook, Stamp
from ccmanage.pricing.models import PriceRate, PriceRow, Variant
from ccmanage.pricing.rules import Origin, Price, Rates, Schedule, Tier


class PriceRepository(Repository[PriceRow]):
    """Prices are inserted and read, never changed."""

    model = PriceRow

    def stamp(self) -> Stamp:
        """Return what tells one state of the book from another.

        The count is part of it: numbers are given before the commit, so the highest may be there before others.
        """
        count, last = self.session.execute(select(func.count(), func.max(PriceRow.id))).one()
        return (int(count), int(last or 0))

    def load(self) -> PriceBook:
        """Return all prices as a book."""
        rows = list(self.session.scalars(select(PriceRow).order_by(PriceRow.id)))
        rates: dict[int, list[PriceRate]] = defaultdict(list)
        ordered = select(PriceRate).order_by(PriceRate.price_id, PriceRate.variant, PriceRate.above_input_tokens)
        for rate in self.session.scalars(ordered):
            rates[rate.price_id].append(rate)
        last = rows[-1].id if rows else 0
        return PriceBook((_price(row, rates[row.id]) for row in rows), (len(rows), last))

    def insert(self, price: Price) -> Price:
        """Write a price and return it with its number."""
        row = self.add(
            PriceRow(
                public_id=price.public_id,
                origin=int(price.origin),
                pattern=price.pattern,
                effective_from=price.effective_from,
                version=price.version,
                web_search_nano=price.web_search,
                multiplier_numerator=price.multiplier_numerator,
                multiplier_denominator=price.multiplier_denominator,
                withdrawn=int(price.withdrawn),
                note=price.note,
                created_at=price.created_at,
            )
        )
        self.session.add_all(_rates(row.id, price))
        self.session.flush()
        return replace(price, id=row.id)


def _rates(price_id: int, price: Price) -> Iterable[PriceRate]:
    schedules = ((Variant.STANDARD, price.standard), (Variant.BATCH, price.batch), (Variant.FAST, price.fast))
    for variant, schedule in schedules:
        if schedule is None:
            continue
        for above, rates in ((0, schedule.rates), *((tier.above_input_tokens, tier.rates) for tier in schedule.tiers)):
            yield PriceRate(
                price_id=price_id,
                variant=int(variant),
                above_input_tokens=above,
                input_nano=rates.input,
                output_nano=rates.output,
                cache_read_nano=rates.cache_read,
                cache_write_5m_nano=rates.cache_write_5m,
                cache_write_1h_nano=rates.cache_write_1h,
            )


def _price(row: PriceRow, rates: list[PriceRate]) -> Price:
    standard = _schedule(rates, Variant.STANDARD)
    assert standard is not None  # noqa: S101 - written with the row, in one transaction
    return Price(
        pattern=row.pattern,
        origin=Origin(row.origin),
        effective_from=row.effective_from,
        standard=standard,
        batch=_schedule(rates, Variant.BATCH),
        fast=_schedule(rates, Variant.FAST),
        web_search=row.web_search_nano,
        multiplier_numerator=row.multiplier_numerator,
        multiplier_denominator=row.multiplier_denominator,
        withdrawn=bool(row.withdrawn),
        note=row.note,
        created_at=row.created_at,
        version=row.version,
        id=row.id,
        public_id=row.public_id,
    )


def _schedule(rates: list[PriceRate], variant: Variant) -> Schedule | None:
    lines = [rate for rate in rates if rate.variant == variant]
    if not lines:
        return None
    base, *tiers = lines
    return Schedule(_plain(base), tuple(Tier(line.above_input_tokens, _plain(line)) for line in tiers))


def _plain(line: PriceRate) -> Rates:
    return Rates(
        line.input_nano,
        line.output_nano,
        line.cache_read_nano,
        line.cache_write_5m_nano,
        line.cache_write_1h_nano,
    )
