"""Use cases of packages: draft, publish, archive; find what can be subscribed to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.errors import InvalidInput, invalid
from ccmanage.core.ids import PACKAGE, encode_id, new_id
from ccmanage.core.money import format_credits
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.text import MAX_REASON, clean_name, is_clean
from ccmanage.packages.errors import (
    NoDraft,
    NotPublished,
    PackageArchived,
    PackageChanged,
    PackageNotFound,
    VersionNotFound,
)
from ccmanage.packages.models import Package
from ccmanage.packages.repository import PackageRepository
from ccmanage.packages.rules import Terms, Version, VersionState, term_faults


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A package to be drafted."""

    name: str
    terms: Terms
    description: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True)
class PackageChange:
    """What changes about a package as such; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    listed: bool | None = None


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package with all its versions, the newest first."""

    package: Package
    versions: Sequence[Version]


@dataclass(frozen=True, slots=True)
class Offer:
    """A package in the version that new subscribers get."""

    package: Package
    version: Version


class PackageService:
    """Packages. A published version never changes; its subscribers stay on it until they are moved."""

    def __init__(self, repository: PackageRepository, clock: Clock, audit: AuditService) -> None:
        self._repository = repository
        self._clock = clock
        self._audit = audit

    def create(self, new: NewPackage) -> PackageView:
        """Draft a package; raises InvalidInput."""
        name, now = clean_name(new.name), self._clock.now_ms()
        _check(new.terms)
        package = self._repository.add(
            Package(
                public_id=new_id(),
                name=name,
                description=_clean_description(new.description),
                listed=int(new.listed),
                current_version_id=0,
                archived_at=0,
                revision=1,
                created_at=now,
                updated_at=now,
            )
        )
        self._repository.add_draft(package.id, new.terms, now)
        self._record("packages.create", package, after={"name": name, **facts_of(new.terms)})
        return self._view(package)

    def get(self, public_id: bytes) -> PackageView:
        """Return a package with its versions; raises PackageNotFound."""
        return self._view(_found(self._repository.by_public_id(public_id)))

    def page(self, ask: PageRequest, *, archived: bool | None = None) -> Page[PackageView]:
        """Return packages, newest first, with one query for all their versions."""
        page = self._repository.page_of_all(ask, archived=archived)
        versions: dict[int, list[Version]] = defaultdict(list)
        for version in self._repository.versions_of(package.id for package in page.items):
            versions[version.package_id].append(version)
        return page.map(lambda package: PackageView(package, versions[package.id]))

    def change(self, public_id: bytes, revision: int, change: PackageChange) -> PackageView:
        """Rename, describe, list or unlist a package; raises PackageChanged and InvalidInput."""
        package = self._locked(public_id, revision)
        before = {"name": package.name, "listed": bool(package.listed)}
        if change.name is not None:
            package.name = clean_name(change.name)
        if change.description is not None:
            package.description = _clean_description(change.description)
        if change.listed is not None:
            package.listed = int(change.listed)
        self._touch(package)
        after = {"name": package.name, "listed": bool(package.listed)}
        self._record("packages.change", package, before=before, after=after)
        return self._view(package)

    def write_draft(self, public_id: bytes, revision: int, terms: Terms) -> PackageView:
        """Write the next version of a package, or rewrite it until it is published.

        Raises PackageChanged, PackageArchived and InvalidInput.
        """
        _check(terms)
        package = self._locked(public_id, revision)
        draft = self._repository.draft_of(package.id)
        if draft is None:
            draft = self._repository.add_draft(package.id, terms, self._clock.now_ms())
        else:
            self._repository.rewrite_draft(draft.id, terms)
        self._touch(package)
        self._record("packages.write_draft", package, after={"version": draft.number, **facts_of(terms)})
        return self._view(package)

    def publish(self, public_id: bytes, revision: int) -> PackageView:
        """Let people subscribe to the draft; the version before it keeps its subscribers but gets no new ones.

        Raises PackageChanged, PackageArchived and NoDraft.
        """
        package = self._locked(public_id, revision)
        draft = self._repository.draft_of(package.id)
        if draft is None:
            raise NoDraft
        if package.current_version_id:
            self._repository.move_version(package.current_version_id, VersionState.ARCHIVED)
        self._repository.move_version(draft.id, VersionState.PUBLISHED, self._clock.now_ms())
        package.current_version_id = draft.id
        self._touch(package)
        self._record("packages.publish", package, after={"version": draft.number, **facts_of(draft.terms)})
        return self._view(package)

    def archive(self, public_id: bytes, revision: int, reason: str) -> PackageView:
        """Take no new subscribers any more; those that are there stay. Raises PackageChanged, PackageArchived."""
        package = self._locked(public_id, revision)
        if package.current_version_id:
            self._repository.move_version(package.current_version_id, VersionState.ARCHIVED)
        package.current_version_id = 0
        package.archived_at = self._clock.now_ms()
        self._touch(package)
        self._record("packages.archive", package, reason=reason)
        return self._view(package)

    def offers(self) -> list[Offer]:
        """Return the packages that owners may choose themselves."""
        packages = self._repository.listed()
        versions = self._repository.versions(package.current_version_id for package in packages)
        return [Offer(package, versions[package.current_version_id]) for package in packages]

    def offer(self, public_id: bytes, *, listed_only: bool = False) -> Offer:
        """Return what a new subscriber of a package gets; raises PackageNotFound, PackageArchived, NotPublished."""
        package = _found(self._repository.by_public_id(public_id))
        if listed_only and not (package.listed and package.current_version_id):
            raise PackageNotFound
        if package.archived_at:
            raise PackageArchived
        if not package.current_version_id:
            raise NotPublished
        return Offer(package, self._repository.versions([package.current_version_id])[package.current_version_id])

    def version(self, public_id: bytes, number: int) -> Version:
        """Return one version of a package; raises PackageNotFound and VersionNotFound."""
        for version in self.get(public_id).versions:
            if version.number == number:
                return version
        raise VersionNotFound

    def versions(self, numbers: Iterable[int]) -> Mapping[int, Version]:
        """Return versions by their inside numbers."""
        return self._repository.versions(numbers)

    def versions_of(self, package_id: int) -> list[Version]:
        """Return all versions of a package by its inside number, the newest first."""
        return self._repository.versions_of([package_id])

    def named(self, numbers: Iterable[int]) -> Mapping[int, Package]:
        """Return packages by their inside numbers."""
        return self._repository.many(numbers)

    def _view(self, package: Package) -> PackageView:
        return PackageView(package, self._repository.versions_of([package.id]))

    def _locked(self, public_id: bytes, revision: int) -> Package:
        package = _found(self._repository.lock(_found(self._repository.by_public_id(public_id)).id))
        if package.revision != revision:
            raise PackageChanged(package.revision)
        if package.archived_at:
            raise PackageArchived
        return package

    def _touch(self, package: Package) -> None:
        package.revision += 1
        package.updated_at = self._clock.now_ms()
        self._repository.session.flush()

    def _record(self, action: str, package: Package, **details: Any) -> None:
        self._audit.record(action, ("package", encode_id(PACKAGE, package.public_id)), **details)


def facts_of(terms: Terms) -> dict[str, Any]:
    """Return what the audit log tells of terms."""
    return {
        "allowance": format_credits(terms.allowance_nano),
        "period": f"{terms.period.count} {terms.period.kind.name.lower()}",
        "rollover_percent": terms.rollover.percent,
        "overdraft": format_credits(terms.overdraft.limit_nano),
        "trial_days": terms.trial.days,
    }


def _check(terms: Terms) -> None:
    if faults := list(term_faults(terms)):
        raise InvalidInput("This package cannot be used so.", fields=faults)


def _clean_description(text: str) -> str:
    if len(text) > MAX_REASON or not is_clean(text):
        sentence = f"A description has at most {MAX_REASON} characters and stands on one line."
        raise invalid("/description", "description.invalid", sentence)
    return text.strip()


def _found(package: Package | None) -> Package:
    if package is None:
        raise PackageNotFound
    return package
