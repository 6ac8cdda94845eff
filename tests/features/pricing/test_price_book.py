"""The price book on a database: import, correct, withdraw, look up, explain."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ccmanage.core.errors import InvalidInput
from ccmanage.core.money import NANO
from ccmanage.core.pagination import PageRequest
from ccmanage.pricing import library
from ccmanage.pricing.cache import PriceBookCache
from ccmanage.pricing.errors import ModelUnpriced, OnlyManualPricesCanBeWithdrawn, PriceNotFound
from ccmanage.pricing.models import PriceRow
from ccmanage.pricing.repository import PriceRepository
from ccmanage.pricing.rules import Origin, Price, Rates, Schedule, Tier, TokenCounts
from ccmanage.pricing.service import Call
from ccmanage.pricing.tasks import PricesChanged
from ccmanage.pricing.terms import ManualPrice, Tariff
from support.world import World

LOW, HIGH = Rates(*(NANO,) * 5), Rates(*(2 * NANO,) * 5)
TARIFF = Tariff(Schedule(LOW, (Tier(10, HIGH),)), batch=Schedule(LOW), fast=Schedule(HIGH), web_search=10 * NANO)
ASKED = ManualPrice("acme-1", 0, TARIFF)
CALL = Call("acme-1", 5, TokenCounts(input=1_000))


def add(world: World, asked: ManualPrice = ASKED) -> Price:
    with world.scope() as scope:
        return scope.pricing.add_manual(asked)


def import_library(world: World, *, dry_run: bool = False, file: Path | None = None):  # type: ignore[no-untyped-def]
    with world.scope() as scope:
        return scope.pricing.import_library(dry_run=dry_run, file=file)


def patterns(world: World, **filters: object) -> list[str]:
    with world.read() as scope:
        page = scope.pricing.page(PageRequest(200), **filters)  # type: ignore[arg-type]
    return [price.pattern for price in page.items]


def audit_log(world: World) -> list[str]:
    with world.read() as scope:
        return [recorded.entry.action for recorded in scope.audit.page(PageRequest()).items]


def test_the_library_is_imported_once_and_comes_back_as_it_was(world: World) -> None:
    expected = library.bundled().prices
    diff = import_library(world)
    assert len(diff.added) == len(expected)
    with world.read() as scope:
        book = scope.pricing.book()
    stored = sorted(book.newest_first(), key=lambda price: (price.pattern, price.effective_from))
    assert [(price.pattern, price.effective_from) for price in stored] == [
        (price.pattern, price.effective_from) for price in expected
    ]
    assert all(one.same_terms(other) for one, other in zip(stored, expected, strict=True))
    again = import_library(world)
    assert (again.added, again.changed, again.unchanged) == ((), (), len(expected))
    assert world.queue.sent == [PricesChanged()]
    assert audit_log(world) == ["pricing.import_library"]


def test_a_dry_run_shows_the_difference_and_writes_nothing(world: World) -> None:
    assert len(import_library(world, dry_run=True).added) > 100
    assert patterns(world) == []
    assert (world.queue.sent, audit_log(world)) == ([], [])


def test_newer_data_comes_as_new_versions(world: World, tmp_path: Path) -> None:
    import_library(world)
    file = tmp_path / "data.json"
    model = {"id": "m", "match": {"equals": "claude-opus-4"}, "prices": {"input_mtok": 1, "output_mtok": 2}}
    new = {**model, "match": {"equals": "claude-next"}}
    file.write_text(json.dumps([{"id": "anthropic", "name": "A", "api_pattern": "", "models": [model, new]}]))
    diff = import_library(world, file=file)
    assert [price.pattern for price in diff.added] == ["claude-next"]
    [change] = diff.changed
    assert (change.before.version, change.after.version) == (1, 2)
    assert change.after.id > change.before.id
    with world.read() as scope:
        quote = scope.pricing.preview(Call("claude-opus-4", 5, TokenCounts(input=1_000_000)))
    assert (quote.price.version, quote.receipt.total_nano) == (2, NANO)


def test_a_manual_price_comes_back_as_it_was_asked(world: World) -> None:
    added = add(world, replace(ASKED, multiplier=(3, 2), note="because"))
    with world.read() as scope:
        found = scope.pricing.get(added.public_id)
    assert found == added
    assert (found.version, found.note, found.created_at) == (1, "because", world.clock.now)
    assert found.batch == TARIFF.batch
    assert found.standard == TARIFF.standard
    assert world.queue.sent == [PricesChanged()]
    assert audit_log(world) == ["pricing.add_price"]


def test_a_correction_is_a_new_version_and_the_old_stays(world: World) -> None:
    first = add(world)
    second = add(world, replace(ASKED, multiplier=(2, 1)))
    assert (first.version, second.version) == (1, 2)
    with world.read() as scope:
        book = scope.pricing.book(fresh=True)
    assert book.price_for("acme-1", 5) == second
    assert book.by_id(first.id) == first


def test_a_refused_price_leaves_nothing(world: World) -> None:
    with pytest.raises(InvalidInput):
        add(world, replace(ASKED, pattern="a b"))
    assert patterns(world) == []
    assert world.queue.sent == []


def test_a_markup_takes_the_rates_of_the_library(world: World) -> None:
    import_library(world)
    exact = add(world, ManualPrice("anthropic/claude-opus-5-5", world.clock.now, multiplier=(11, 10)))
    glob = add(world, ManualPrice("claude-opus-4-6*", 0, multiplier=(2, 1)))
    narrower = add(world, ManualPrice("claude-opus-4-5-2025*", 0, multiplier=(3, 1)))
    assert exact.standard.rates.input == 4 * NANO
    assert glob.standard.tiers
    assert narrower.standard.rates.input == 5 * NANO
    with pytest.raises(InvalidInput):
        add(world, ManualPrice("acme-9", 0, multiplier=(2, 1)))


def test_withdrawing_gives_the_models_back_to_the_library(world: World) -> None:
    import_library(world)
    mistake = add(world, replace(ASKED, pattern="claude*"))
    add(world, replace(ASKED, pattern="claude*", effective_from=5_000))
    with world.scope() as scope:
        written = scope.pricing.withdraw(mistake.public_id, effective_from=1_000, note="a slip")
    assert [(price.effective_from, price.version, price.withdrawn) for price in written] == [
        (1_000, 1, True),
        (5_000, 2, True),
    ]
    with world.read() as scope:
        book = scope.pricing.book(fresh=True)
    assert book.price_for("claude-opus-5-5", 999) == mistake
    for later in (1_000, 5_000, 10**12):
        price = book.price_for("claude-opus-5-5", later)
        assert price is not None
        assert price.origin is Origin.LIBRARY
    assert audit_log(world)[0] == "pricing.withdraw_price"


def test_only_manual_prices_can_be_withdrawn(world: World) -> None:
    imported = import_library(world).added[0]
    manual = add(world)
    with world.scope() as scope:
        pricing = scope.pricing
        with pytest.raises(OnlyManualPricesCanBeWithdrawn):
            pricing.withdraw(imported.public_id, effective_from=0)
        with pytest.raises(PriceNotFound):
            pricing.withdraw(b"\0" * 16, effective_from=0)
        with pytest.raises(InvalidInput):
            pricing.withdraw(manual.public_id, effective_from=-1)


def test_prices_are_listed_newest_first_and_found_by_model_and_origin(world: World) -> None:
    import_library(world)
    add(world)
    assert patterns(world)[0] == "acme-1"
    assert patterns(world, origin=Origin.MANUAL) == ["acme-1"]
    assert set(patterns(world, model="us.anthropic.claude-opus-4-5-v1:0")) == {"claude-opus-4-5*"}
    assert set(patterns(world, model="mythos")) == {"claude-mythos-5-2", "claude-mythos-5-2-########"}
    assert patterns(world, model="nothing") == []


def test_pages_follow_each_other_without_gaps(world: World) -> None:
    import_library(world)
    seen: list[int] = []
    cursor = None
    with world.read() as scope:
        pricing = scope.pricing
        everything = [price.id for price in pricing.book().newest_first()]
        while True:
            page = pricing.page(PageRequest(40, cursor))
            seen += [price.id for price in page.items]
            if (cursor := page.next_cursor) is None:
                break
    assert seen == everything


def test_a_preview_explains_the_cost(world: World) -> None:
    price = add(world)
    with world.read() as scope:
        quote = scope.pricing.preview(CALL)
        assert quote.price == price
        assert [line.kind.value for line in quote.receipt.lines] == ["input"]
        assert quote.receipt.total_nano == 2_000_000
        assert scope.pricing.preview(replace(CALL, service_tier="batch")).receipt.total_nano == 1_000_000
        with pytest.raises(ModelUnpriced):
            scope.pricing.preview(replace(CALL, model="acme-2"))


def test_other_processes_see_a_new_price_within_two_seconds(world: World) -> None:
    elsewhere = PriceBookCache()

    def seen_elsewhere() -> Price | None:
        with world.read() as scope:
            book = elsewhere.book(PriceRepository(scope.session), world.clock.now)
        return book.price_for("acme-1", 5)

    assert seen_elsewhere() is None
    price = add(world)
    world.clock.now += 1_000
    assert seen_elsewhere() == price
    with world.read() as scope:
        assert scope.pricing.book().price_for("acme-1", 5) == price


def test_what_a_transaction_adds_is_seen_by_it_alone_until_it_commits(world: World) -> None:
    with world.scope() as scope:
        pricing = scope.pricing
        price = pricing.add_manual(ASKED)
        assert pricing.book().price_for("acme-1", 5) == price
        scope.session.rollback()
    with world.read() as scope:
        assert scope.pricing.book(fresh=True).price_for("acme-1", 5) is None


def test_the_same_version_cannot_be_written_twice(world: World) -> None:
    price = add(world)
    with pytest.raises(IntegrityError), world.scope() as scope:
        scope.pricing._repository.insert(replace(price, public_id=b"\1" * 16))


def test_prices_added_at_once_become_versions_and_none_is_lost(world: World) -> None:
    def add_one(number: int) -> int:
        asked = replace(ASKED, multiplier=(number, 1))
        return world.runtime.run(lambda scope: scope.pricing.add_manual(asked)).version

    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(add_one, range(1, 5)))
    assert sorted(versions) == [1, 2, 3, 4]
    assert sorted(row["version"] for row in world.rows("prices")) == [1, 2, 3, 4]


def test_nothing_in_the_service_changes_a_row(world: World) -> None:
    """Whatever is done afterwards, the rows that were there stay as they were."""
    import_library(world)
    manual = add(world)

    def rows() -> dict[int, tuple[object, ...]]:
        with world.read() as scope:
            found = scope.session.execute(select(PriceRow.__table__)).all()
        return {row.id: tuple(row) for row in found}

    before = rows()
    add(world, replace(ASKED, multiplier=(2, 1)))
    import_library(world)
    with world.scope() as scope:
        scope.pricing.withdraw(manual.public_id, effective_from=0)
    after = rows()
    assert {number: after[number] for number in before} == before
    assert len(after) == len(before) + 2
