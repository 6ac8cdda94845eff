"""What a database needs before anybody can work: schema, prices, an administrator."""

from dataclasses import dataclass

from ccmanage.bootstrap import Runtime
from ccmanage.cli.people import FirstAdmin, create_first_admin
from ccmanage.migrations import is_current, migrate


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was done."""

    migrated: bool
    prices: int
    admin: FirstAdmin | None


def prepare(runtime: Runtime, *, make_up_admin: bool) -> Prepared:
    """Migrate, seed an empty price book from the library, create the first administrator. Harmless to repeat."""
    current = is_current(runtime.database)
    if not current:
        migrate(runtime.database)
    return Prepared(
        migrated=not current,
        prices=_seed_prices(runtime),
        admin=create_first_admin(runtime, make_up=make_up_admin),
    )


def _seed_prices(runtime: Runtime) -> int:
    with runtime.read() as scope:
        if next(iter(scope.pricing.book(fresh=True).newest_first()), None) is not None:
            return 0
    diff = runtime.run(lambda scope: scope.pricing.import_library(dry_run=False))
    return len(diff.added)
