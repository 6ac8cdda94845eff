"""What can go wrong with packages."""

from ccmanage.core.errors import DomainError, Kind


class PackageNotFound(DomainError):
    """No such package, or none that may be chosen."""

    kind, code = Kind.NOT_FOUND, "package.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such package.")


class VersionNotFound(DomainError):
    """The package has no such version."""

    kind, code = Kind.NOT_FOUND, "package.version_not_found"

    def __init__(self) -> None:
        super().__init__("This package has no such version.")


class PackageChanged(DomainError):
    """Somebody else changed the package after it was read."""

    kind, code = Kind.CONFLICT, "package.changed"

    def __init__(self, revision: int) -> None:
        super().__init__("Somebody else changed this package. Look at it again.", revision=revision)


class PackageArchived(DomainError):
    """An archived package takes no changes and no new subscribers."""

    kind, code = Kind.CONFLICT, "package.archived"

    def __init__(self) -> None:
        super().__init__("This package is archived.")


class NoDraft(DomainError):
    """There is nothing to publish: write a draft first."""

    kind, code = Kind.CONFLICT, "package.no_draft"

    def __init__(self) -> None:
        super().__init__("This package has no draft. Write one first.")


class NotPublished(DomainError):
    """Nobody can subscribe to a package before a version of it is published."""

    kind, code = Kind.CONFLICT, "package.not_published"

    def __init__(self) -> None:
        super().__init__("No version of this package is published.")
