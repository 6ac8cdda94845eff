"""Bodies of packages. Credits and amounts are decimal strings; what does not apply is null."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import Credits, CreditsIn, In, Moment, Name, Out, Reason, Revision
from ccmanage.core.errors import invalid
from ccmanage.core.ids import PACKAGE, encode_id
from ccmanage.core.money import MAX_GRANT_NANO
from ccmanage.core.text import MAX_REASON
from ccmanage.packages.limits import MAX_CONCURRENCY, MAX_COUNT, MAX_KEYS, MAX_MODELS, KeyLimits, Window
from ccmanage.packages.models import Package
from ccmanage.packages.rules import (
    MAX_ROLLOVER_PERIODS,
    MAX_TRIAL_DAYS,
    UNLIMITED_NANO,
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
from ccmanage.packages.service import NewPackage, Offer, PackageView

PeriodName = Literal["hour", "day", "week", "month", "quarter", "year", "once"]
PERIODS: dict[PeriodKind, PeriodName] = {
    PeriodKind.HOUR: "hour",
    PeriodKind.DAY: "day",
    PeriodKind.WEEK: "week",
    PeriodKind.MONTH: "month",
    PeriodKind.QUARTER: "quarter",
    PeriodKind.YEAR: "year",
    PeriodKind.ONCE: "once",
}
KIND_OF = {name: kind for kind, name in PERIODS.items()}
VersionStateName = Literal["draft", "published", "archived"]
STATES: dict[VersionState, VersionStateName] = {
    VersionState.DRAFT: "draft",
    VersionState.PUBLISHED: "published",
    VersionState.ARCHIVED: "archived",
}
OverdraftName = Literal["none", "limit", "unlimited"]
WindowName = Literal["minute", "hour", "five_hours", "day", "week", "month"]
Limit = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Pattern = Annotated[str, Field(min_length=1, max_length=200, pattern="^[!-~]+$")]
Patterns = Annotated[list[Pattern], Field(default_factory=list, max_length=MAX_MODELS)]
Description = Annotated[str, Field(max_length=MAX_REASON)]


class PeriodIn(In):
    """How often the allowance comes: every so many of these. `once` is a single period without an end."""

    kind: PeriodName
    count: Annotated[int, Field(ge=1, le=8_784)] = 1


class RolloverIn(In):
    """What of the allowance outlives its period. Without a cap there is no bound, without periods no end."""

    percent: Annotated[int, Field(ge=0, le=100)] = 0
    cap: CreditsIn | None = None
    max_periods: Annotated[int, Field(ge=1, le=MAX_ROLLOVER_PERIODS)] | None = None

    def to_domain(self) -> RolloverTerms:
        """Return the rule."""
        if self.cap is not None and self.cap <= 0:
            raise invalid("/rollover/cap", "credits.out_of_range", "A cap is above 0; leave it out for none.")
        return RolloverTerms(self.percent, self.cap or 0, self.max_periods or 0)


class OverdraftIn(In):
    """How far below zero a workspace may go, and whether that debt is forgiven at the period's end."""

    kind: OverdraftName = "none"
    limit: CreditsIn | None = None
    forgiven: bool = False

    def to_domain(self) -> OverdraftTerms:
        """Return the rule; raises InvalidInput where kind and limit do not fit."""
        if (self.limit is not None) != (self.kind == "limit"):
            raise invalid("/overdraft/limit", "overdraft.limit_required", "Give a limit with the kind `limit` only.")
        if self.kind == "limit" and not 0 < (self.limit or 0) <= MAX_GRANT_NANO:
            raise invalid("/overdraft/limit", "credits.out_of_range", "A limit lies above 0.")
        limit = UNLIMITED_NANO if self.kind == "unlimited" else self.limit or 0
        return OverdraftTerms(limit, self.forgiven)


class TrialIn(In):
    """A first stretch of so many days with an allowance of its own."""

    days: Annotated[int, Field(ge=1, le=MAX_TRIAL_DAYS)]
    allowance: CreditsIn


class AmountIn(In):
    """What a period costs, for show only."""

    amount: CreditsIn
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class ModelsIn(In):
    """Names of models, or patterns with * and ?. An empty allow-list allows all; deny goes before allow."""

    allow: Patterns
    deny: Patterns


class KeyLimitsIn(In):
    """What each key of a workspace may do unless its own limits say less: per window, several at once."""

    requests: Annotated[dict[WindowName, Limit], Field(default_factory=dict)]
    tokens: Annotated[dict[WindowName, Limit], Field(default_factory=dict)]
    credits: Annotated[dict[WindowName, CreditsIn], Field(default_factory=dict)]
    models: ModelsIn | None = None
    concurrency: Annotated[int, Field(ge=1, le=MAX_CONCURRENCY)] | None = None
    max_keys: Annotated[int, Field(ge=1, le=MAX_KEYS)] | None = None

    def to_domain(self) -> KeyLimits:
        """Return the limits."""
        return KeyLimits(
            requests={Window(name): limit for name, limit in self.requests.items()},
            tokens={Window(name): limit for name, limit in self.tokens.items()},
            credits={Window(name): limit for name, limit in self.credits.items()},
            models_allow=tuple(self.models.allow) if self.models else (),
            models_deny=tuple(self.models.deny) if self.models else (),
            concurrency=self.concurrency,
            max_keys=self.max_keys,
        )


class TermsIn(In):
    """All that a version promises."""

    allowance: CreditsIn
    period: PeriodIn
    rollover: RolloverIn = RolloverIn()
    overdraft: OverdraftIn = OverdraftIn()
    trial: TrialIn | None = None
    price: AmountIn | None = None
    fail_mode: Literal["open", "closed"] = "closed"
    key_limits: KeyLimitsIn | None = None

    def to_domain(self) -> Terms:
        """Return the terms; raises InvalidInput where fields do not fit each other."""
        return Terms(
            allowance_nano=self.allowance,
            period=Period(KIND_OF[self.period.kind], self.period.count),
            rollover=self.rollover.to_domain(),
            overdraft=self.overdraft.to_domain(),
            trial=TrialTerms(self.trial.days, self.trial.allowance) if self.trial else TrialTerms(),
            price=ShownPrice(self.price.amount, self.price.currency) if self.price else None,
            fail_open=self.fail_mode == "open",
            key_limits=self.key_limits.to_domain() if self.key_limits else KeyLimits(),
        )


class PackageCreateIn(In):
    """A package to be drafted."""

    name: Name
    description: Description = ""
    listed: bool = False
    terms: TermsIn

    def to_domain(self) -> NewPackage:
        """Return what is wanted."""
        return NewPackage(self.name, self.terms.to_domain(), self.description, self.listed)


class PackageUpdateIn(In):
    """What changes about a package as such; fields that are not sent stay."""

    revision: Revision
    name: Name | None = None
    description: Description | None = None
    listed: bool | None = None


class DraftIn(In):
    """What the next version promises."""

    revision: Revision
    terms: TermsIn


class PublishIn(In):
    """The package as it was seen."""

    revision: Revision


class ArchiveIn(In):
    """Why nobody shall subscribe any more."""

    revision: Revision
    reason: Reason


class PeriodOut(Out):
    """How often the allowance comes."""

    kind: PeriodName
    count: int


class RolloverOut(Out):
    """What of the allowance outlives its period."""

    percent: int
    cap: Credits | None
    max_periods: int | None


class OverdraftOut(Out):
    """How far below zero a workspace may go."""

    kind: OverdraftName
    limit: Credits | None
    forgiven: bool


class TrialOut(Out):
    """The first stretch."""

    days: int
    allowance: Credits


class AmountOut(Out):
    """An amount of money, for show."""

    amount: Credits
    currency: str


class ModelsOut(Out):
    """Names of models, or patterns."""

    allow: list[str]
    deny: list[str]


class KeyLimitsOut(Out):
    """What each key may do, per window."""

    requests: dict[WindowName, int]
    tokens: dict[WindowName, int]
    credits: dict[WindowName, Credits]
    models: ModelsOut
    concurrency: int | None
    max_keys: int | None

    @classmethod
    def of(cls, limits: KeyLimits) -> "KeyLimitsOut":
        """Make the answer."""
        return cls(
            requests={window.value: limit for window, limit in limits.requests.items()},
            tokens={window.value: limit for window, limit in limits.tokens.items()},
            credits={window.value: limit for window, limit in limits.credits.items()},
            models=ModelsOut(allow=list(limits.models_allow), deny=list(limits.models_deny)),
            concurrency=limits.concurrency,
            max_keys=limits.max_keys,
        )


class TermsOut(Out):
    """All that a version promises."""

    allowance: Credits
    period: PeriodOut
    rollover: RolloverOut
    overdraft: OverdraftOut
    trial: TrialOut | None
    price: AmountOut | None
    fail_mode: Literal["open", "closed"]
    key_limits: KeyLimitsOut

    @classmethod
    def of(cls, terms: Terms) -> "TermsOut":
        """Make the answer."""
        rollover, trial, price = terms.rollover, terms.trial, terms.price
        return cls(
            allowance=terms.allowance_nano,
            period=PeriodOut(kind=PERIODS[terms.period.kind], count=terms.period.count),
            rollover=RolloverOut(
                percent=rollover.percent, cap=rollover.cap_nano or None, max_periods=rollover.max_periods or None
            ),
            overdraft=_overdraft(terms.overdraft),
            trial=TrialOut(days=trial.days, allowance=trial.allowance_nano) if trial.days else None,
            price=AmountOut(amount=price.amount_nano, currency=price.currency) if price else None,
            fail_mode="open" if terms.fail_open else "closed",
            key_limits=KeyLimitsOut.of(terms.key_limits),
        )


class PackageOut(Out):
    """A package as it can be had now."""

    id: str
    name: str
    description: str
    version: int
    terms: TermsOut

    @classmethod
    def of(cls, offer: Offer) -> "PackageOut":
        """Make the answer."""
        package, version = offer.package, offer.version
        return cls(
            id=encode_id(PACKAGE, package.public_id),
            name=package.name,
            description=package.description,
            version=version.number,
            terms=TermsOut.of(version.terms),
        )


class VersionOut(Out):
    """One version; `subscribers` counts the living subscriptions to it."""

    version: int
    state: VersionStateName
    terms: TermsOut
    subscribers: int
    published_at: Moment | None
    created_at: Moment

    @classmethod
    def of(cls, version: Version, subscribers: int) -> "VersionOut":
        """Make the answer."""
        return cls(
            version=version.number,
            state=STATES[version.state],
            terms=TermsOut.of(version.terms),
            subscribers=subscribers,
            published_at=version.published_at or None,
            created_at=version.created_at,
        )


class AdminPackageOut(Out):
    """A package with its versions, the newest first. `listed`: owners of workspaces may choose it themselves."""

    id: str
    name: str
    description: str
    listed: bool
    state: VersionStateName
    revision: int
    versions: list[VersionOut]
    created_at: Moment
    updated_at: Moment
    archived_at: Moment | None

    @classmethod
    def of(cls, view: PackageView, subscribers: dict[int, int]) -> "AdminPackageOut":
        """Make the answer."""
        package = view.package
        return cls(
            id=encode_id(PACKAGE, package.public_id),
            name=package.name,
            description=package.description,
            listed=bool(package.listed),
            state=_state(package),
            revision=package.revision,
            versions=[VersionOut.of(version, subscribers.get(version.id, 0)) for version in view.versions],
            created_at=package.created_at,
            updated_at=package.updated_at,
            archived_at=package.archived_at or None,
        )


def _state(package: Package) -> VersionStateName:
    if package.archived_at:
        return "archived"
    return "published" if package.current_version_id else "draft"


def _overdraft(rule: OverdraftTerms) -> OverdraftOut:
    if rule.is_unlimited:
        return OverdraftOut(kind="unlimited", limit=None, forgiven=rule.forgiven)
    kind: OverdraftName = "limit" if rule.limit_nano else "none"
    return OverdraftOut(kind=kind, limit=rule.limit_nano or None, forgiven=rule.forgiven)
