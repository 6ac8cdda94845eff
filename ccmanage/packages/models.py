"""Tables of packages. Terms stand on versions; a version that was published is only ever archived."""

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Count, PublicId, Tiny, bytes_type, human_text
from ccmanage.core.personal import no_personal


class Package(Base):
    """What workspaces can subscribe to. `revision` counts changes, so that two people do not undo each other."""

    __tablename__ = "packages"
    __personal__ = no_personal("what is offered")

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    name: Mapped[str] = mapped_column(human_text(120))
    description: Mapped[str] = mapped_column(human_text(500))
    # 1 = owners of workspaces may choose it themselves.
    listed: Mapped[int] = mapped_column(Tiny)
    # The version that new subscribers get; 0 = none.
    current_version_id: Mapped[int] = mapped_column(BigInteger)
    # 0 = not archived.
    archived_at: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(Count)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class PackageVersion(Base):
    """What a package promises from a version on."""

    __tablename__ = "package_versions"
    __personal__ = no_personal("terms of what is offered")
    __table_args__ = (UniqueConstraint("package_id", "version"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    version: Mapped[int] = mapped_column(Count)
    state: Mapped[int] = mapped_column(Tiny)
    allowance_nano: Mapped[int] = mapped_column(BigInteger)
    period_kind: Mapped[int] = mapped_column(Tiny)
    period_count: Mapped[int] = mapped_column(Count)
    rollover_percent: Mapped[int] = mapped_column(Tiny)
    rollover_cap_nano: Mapped[int] = mapped_column(BigInteger)
    rollover_max_periods: Mapped[int] = mapped_column(Count)
    overdraft_nano: Mapped[int] = mapped_column(BigInteger)
    overdraft_forgiven: Mapped[int] = mapped_column(Tiny)
    trial_days: Mapped[int] = mapped_column(Count)
    trial_allowance_nano: Mapped[int] = mapped_column(BigInteger)
    price_nano: Mapped[int] = mapped_column(BigInteger)
    # Empty = no price is shown.
    price_currency: Mapped[bytes] = mapped_column(bytes_type(3))
    fail_open: Mapped[int] = mapped_column(Tiny)
    key_limits: Mapped[bytes] = mapped_column(Blob)
    published_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
