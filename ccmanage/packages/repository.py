"""Queries of packages and their versions."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select, update

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.packages.limits import decode_limits, encode_limits
from ccmanage.packages.models import Package, PackageVersion
from ccmanage.packages.rules import (
    OverdraftTerms,
    Period,
    PeriodKind,
    RolloverTerms,
    ShownPrice,
    Terms,
    TrialTerms,
    Version,
    VersionState,
)

MAX_LISTED = 200


class PackageRepository(Repository[Package]):
    """Packages and their versions."""

    model = Package

    def page_of_all(self, ask: PageRequest, *, archived: bool | None) -> Page[Package]:
        """Return packages, newest first: all, only archived ones, or only the others."""
        statement = select(Package)
        if archived is not None:
            statement = statement.where(Package.archived_at > 0 if archived else Package.archived_at == 0)
        return self.page(statement, ask, Package.id)

    def listed(self) -> Sequence[Package]:
        """Return the packages that owners may choose themselves, in the order of their making."""
        statement = select(Package).where(Package.listed == 1, Package.archived_at == 0, Package.current_version_id > 0)
        return self.session.scalars(statement.order_by(Package.id).limit(MAX_LISTED)).all()

    def many(self, numbers: Iterable[int]) -> dict[int, Package]:
        """Return packages by their inside numbers."""
        return {row.id: row for row in self.session.scalars(select(Package).where(Package.id.in_(set(numbers))))}

    def versions_of(self, package_ids: Iterable[int]) -> list[Version]:
        """Return all versions of packages, the newest first."""
        statement = select(PackageVersion).where(PackageVersion.package_id.in_(set(package_ids)))
        return [_version(row) for row in self.session.scalars(statement.order_by(PackageVersion.version.desc()))]

    def versions(self, numbers: Iterable[int]) -> dict[int, Version]:
        """Return versions by their inside numbers."""
        found = self.session.scalars(select(PackageVersion).where(PackageVersion.id.in_(set(numbers))))
        return {row.id: _version(row) for row in found}

    def draft_of(self, package_id: int) -> Version | None:
        """Return the version that is still being written."""
        row = self.session.scalars(
            select(PackageVersion).where(
                PackageVersion.package_id == package_id, PackageVersion.state == VersionState.DRAFT
            )
        ).one_or_none()
        return _version(row) if row else None

    def add_draft(self, package_id: int, terms: Terms, now: int) -> Version:
        """Insert the next version of a package."""
        last = self.session.scalar(
            select(func.max(PackageVersion.version)).where(PackageVersion.package_id == package_id)
        )
        row = PackageVersion(
            package_id=package_id,
            version=int(last or 0) + 1,
            state=VersionState.DRAFT,
            published_at=0,
            created_at=now,
            **_columns(terms),
        )
        self.session.add(row)
        self.session.flush()
        return _version(row)

    def rewrite_draft(self, version_id: int, terms: Terms) -> None:
        """Change what a draft promises; anything but a draft stays as it is."""
        self.session.execute(
            update(PackageVersion)
            .where(PackageVersion.id == version_id, PackageVersion.state == VersionState.DRAFT)
            .values(**_columns(terms))
        )

    def move_version(self, version_id: int, state: VersionState, published_at: int | None = None) -> None:
        """Publish or archive a version."""
        values: dict[str, int] = {"state": int(state)}
        if published_at is not None:
            values["published_at"] = published_at
        self.session.execute(update(PackageVersion).where(PackageVersion.id == version_id).values(**values))


def _columns(terms: Terms) -> dict[str, int | bytes]:
    price = terms.price
    return {
        "allowance_nano": terms.allowance_nano,
        "period_kind": int(terms.period.kind),
        "period_count": terms.period.count,
        "rollover_percent": terms.rollover.percent,
        "rollover_cap_nano": terms.rollover.cap_nano,
        "rollover_max_periods": terms.rollover.max_periods,
        "overdraft_nano": terms.overdraft.limit_nano,
        "overdraft_forgiven": int(terms.overdraft.forgiven),
        "trial_days": terms.trial.days,
        "trial_allowance_nano": terms.trial.allowance_nano,
        "price_nano": price.amount_nano if price else 0,
        "price_currency": price.currency.encode() if price else b"",
        "fail_open": int(terms.fail_open),
        "key_limits": encode_limits(terms.key_limits),
    }


def _version(row: PackageVersion) -> Version:
    currency = bytes(row.price_currency).decode()
    terms = Terms(
        allowance_nano=row.allowance_nano,
        period=Period(PeriodKind(row.period_kind), row.period_count),
        rollover=RolloverTerms(row.rollover_percent, row.rollover_cap_nano, row.rollover_max_periods),
        overdraft=OverdraftTerms(row.overdraft_nano, bool(row.overdraft_forgiven)),
        trial=TrialTerms(row.trial_days, row.trial_allowance_nano),
        price=ShownPrice(row.price_nano, currency) if currency else None,
        fail_open=bool(row.fail_open),
        key_limits=decode_limits(bytes(row.key_limits)),
    )
    return Version(
        id=row.id,
        package_id=row.package_id,
        number=row.version,
        state=VersionState(row.state),
        terms=terms,
        published_at=row.published_at,
        created_at=row.created_at,
    )
