"""Use cases of the price book. Prices are added, never changed: a correction is a new version."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.errors import InvalidInput
from ccmanage.core.ids import PRICE, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.core.uow import UnitOfWork
from ccmanage.pricing.book import PriceBook
from ccmanage.pricing.cache import PriceBookCache
from ccmanage.pricing.errors import ModelUnpriced, OnlyManualPricesCanBeWithdrawn, PriceNotFound
from ccmanage.pricing.imports import ImportDiff, compare
from ccmanage.pricing.names import matches, normalise_model
from ccmanage.pricing.ratios import format_ratio
from ccmanage.pricing.receipts import Receipt, receipt_of
from ccmanage.pricing.repository import PriceRepository
from ccmanage.pricing.rules import Origin, Price, TokenCounts, choose
from ccmanage.pricing.tasks import PricesChanged
from ccmanage.pricing.terms import ManualPrice, bad_note, bad_time, manual_price


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be priced: what it used, and in which mode."""

    model: str
    at: int
    counts: TokenCounts
    service_tier: str | None = None
    speed: str | None = None
    geography: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a call would cost, by which price, line by line."""

    price: Price
    receipt: Receipt


class PricingService:
    """Finds prices and adds them."""

    def __init__(
        self,
        uow: UnitOfWork,
        repository: PriceRepository,
        cache: PriceBookCache,
        clock: Clock,
        audit: AuditService,
    ) -> None:
        self._uow = uow
        self._repository = repository
        self._cache = cache
        self._clock = clock
        self._audit = audit
        self._wrote = False

    def book(self, *, fresh: bool = False) -> PriceBook:
        """Return the price book, at most two seconds old; with `fresh` all that is committed counts.

        What this transaction itself has added is seen by it alone, until the commit.
        """
        if self._wrote:
            return self._repository.load()
        return self._cache.book(self._repository, self._clock.now_ms(), fresh=fresh)

    def page(self, ask: PageRequest, *, model: str | None = None, origin: Origin | None = None) -> Page[Price]:
        """Return prices, newest first: all, or those of an origin, or those that a model's name finds."""
        at = ask.position()
        found = [
            price
            for price in self.book(fresh=True).newest_first()
            if (at is None or price.id < at[0])
            and (origin is None or price.origin is origin)
            and (model is None or _is_about(price, normalise_model(model)))
        ]
        return page_of(found[: ask.limit + 1], ask, lambda price: (price.id,))

    def get(self, public_id: bytes) -> Price:
        """Return one version of a price; raises PriceNotFound."""
        row = self._repository.by_public_id(public_id)
        price = None if row is None else self.book(fresh=True).by_id(row.id)
        if price is None:
            raise PriceNotFound
        return price

    def preview(self, call: Call) -> Quote:
        """Return what a call would cost; raises ModelUnpriced and CostOutOfRange."""
        price = self.book(fresh=True).price_for(call.model, call.at)
        if price is None:
            raise ModelUnpriced(call.model)
        return Quote(price, receipt_of(call.counts, price, call.service_tier, call.speed, call.geography))

    def add_manual(self, asked: ManualPrice) -> Price:
        """Add a price of our own, or the next version of one; raises InvalidInput."""
        book = self.book(fresh=True)
        price = manual_price(asked, _library_price(book, asked))
        return self._add_version(book, price, "pricing.add_price")

    def withdraw(self, public_id: bytes, *, effective_from: int, note: str = "") -> list[Price]:
        """Say that a manual price's pattern has no manual price from an instant on.

        Returns the versions written: one for the instant, one for each later start that was planned.
        Raises PriceNotFound, OnlyManualPricesCanBeWithdrawn and InvalidInput.
        """
        price = self.get(public_id)
        if price.origin is not Origin.MANUAL:
            raise OnlyManualPricesCanBeWithdrawn
        if bad := [*bad_time(effective_from), *bad_note(note)]:
            raise InvalidInput("This price cannot be withdrawn so.", fields=bad)
        book = self.book(fresh=True)
        later = {known.effective_from for known in book.of_pattern(Origin.MANUAL, price.pattern)}
        starts = [effective_from, *sorted(start for start in later if start > effective_from)]
        gone = replace(price, withdrawn=True, note=note)
        return [
            self._add_version(book, replace(gone, effective_from=start), "pricing.withdraw_price") for start in starts
        ]

    def import_library(self, *, dry_run: bool, file: Path | None = None) -> ImportDiff:
        """Bring the library's prices (the installed one's, or a newer data file's) as new versions.

        Returns the difference; with `dry_run` nothing is written. Raises LibraryUnreadable.
        """
        # Its data takes tens of megabytes, which only the process that imports prices shall pay for.
        from ccmanage.pricing import library

        found = library.bundled() if file is None else library.from_file(file)
        diff = compare(found, self.book(fresh=True).newest_first())
        if dry_run or not (diff.added or diff.changed):
            return diff
        added = tuple(self._insert(price) for price in diff.added)
        changed = tuple(replace(change, after=self._insert(change.after)) for change in diff.changed)
        self._audit.record(
            "pricing.import_library",
            ("price_book", "library"),
            after={
                "added": [price.pattern for price in added],
                "changed": [_facts(change.after) for change in changed],
            },
        )
        return replace(diff, added=added, changed=changed)

    def _add_version(self, book: PriceBook, price: Price, action: str) -> Price:
        versions = book.of_pattern(price.origin, price.pattern)
        before = max(
            (known for known in versions if known.effective_from == price.effective_from),
            key=lambda known: known.version,
            default=None,
        )
        added = self._insert(replace(price, version=before.version + 1 if before else 1))
        self._audit.record(
            action,
            ("price", encode_id(PRICE, added.public_id)),
            before=_facts(before) if before else None,
            after=_facts(added),
            reason=added.note or None,
        )
        return added

    def _insert(self, price: Price) -> Price:
        self._wrote = True
        self._cache.expire()
        self._uow.enqueue(PricesChanged())
        return self._repository.insert(replace(price, public_id=new_id(), created_at=self._clock.now_ms()))


def _is_about(price: Price, model: str) -> bool:
    """Tell whether a search for a model's name, or a part of it, means this price."""
    return matches(price.pattern, model) or model in price.pattern


def _library_price(book: PriceBook, asked: ManualPrice) -> Price | None:
    """Return the library's price that a manual price without rates marks up or down."""
    pattern = normalise_model(asked.pattern)
    same = [price for price in book.of_pattern(Origin.LIBRARY, pattern) if price.effective_from <= asked.effective_from]
    if same:
        return max(same, key=lambda price: (price.effective_from, price.version))
    library = (price for price in book.newest_first() if price.origin is Origin.LIBRARY)
    return choose(pattern, asked.effective_from, library)


def _facts(price: Price) -> dict[str, Any]:
    """Return what the audit log keeps of a price."""
    return {
        "id": encode_id(PRICE, price.public_id),
        "pattern": price.pattern,
        "version": price.version,
        "effective_from": price.effective_from,
        "multiplier": format_ratio(price.multiplier_numerator, price.multiplier_denominator),
        "withdrawn": price.withdrawn,
        "input_nano": price.standard.rates.input,
        "output_nano": price.standard.rates.output,
    }
