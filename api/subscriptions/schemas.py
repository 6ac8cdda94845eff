"""Bodies of subscriptions: the plan, previews of changes, proofs of resets."""

from typing import Annotated, Literal

from pydantic import Field

from api.credits.schemas import KINDS as ENTRY_KINDS
from api.credits.schemas import EntryKindName
from api.packages.schemas import AmountOut, TermsOut
from api.schemas import Credits, In, Moment, Out, Reason, Ref
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import GRANT, PACKAGE, PREVIEW, SUBSCRIPTION, WORKSPACE, decode_id, encode_id
from ccmanage.core.ids import RENEWAL as RENEWAL_PREFIX
from ccmanage.credits.models import EntryKind
from ccmanage.packages.models import Package
from ccmanage.packages.rules import Version
from ccmanage.reports.numbers import RENEWAL, OutsideNumbers
from ccmanage.reports.plans import PlanLine, Proof
from ccmanage.reports.whatif import Alternative, Comparison
from ccmanage.subscriptions.changes import Applied, Change, Preview
from ccmanage.subscriptions.lines import EntryLine
from ccmanage.subscriptions.models import Action, Timing
from ccmanage.subscriptions.states import Cause, State
from ccmanage.subscriptions.views import SubscriptionView
from ccmanage.workspaces.models import Workspace

StateName = Literal["trialing", "active", "paused", "past_end", "cancelled", "ended"]
STATES: dict[State, StateName] = {
    State.TRIALING: "trialing",
    State.ACTIVE: "active",
    State.PAUSED: "paused",
    State.PAST_END: "past_end",
    State.CANCELLED: "cancelled",
    State.ENDED: "ended",
}
CauseName = Literal[
    "assigned", "trial_started", "trial_ended", "renewed", "changed", "reset", "resumed", "extended", "paused",
    "past_end", "cancelled", "ended",
]  # fmt: skip
CAUSES: dict[Cause, CauseName] = {
    Cause.ASSIGNED: "assigned",
    Cause.TRIAL_STARTED: "trial_started",
    Cause.TRIAL_ENDED: "trial_ended",
    Cause.RENEWED: "renewed",
    Cause.CHANGED: "changed",
    Cause.RESET: "reset",
    Cause.RESUMED: "resumed",
    Cause.EXTENDED: "extended",
    Cause.PAUSED: "paused",
    Cause.PAST_END: "past_end",
    Cause.CANCELLED: "cancelled",
    Cause.ENDED: "ended",
}
ActionName = Literal["change", "cancel"]
ACTIONS: dict[Action, ActionName] = {Action.CHANGE: "change", Action.CANCEL: "cancel"}
TimingName = Literal["now", "period_end"]
TIMINGS: dict[Timing, TimingName] = {Timing.NOW: "now", Timing.PERIOD_END: "period_end"}
TIMING_OF = {name: timing for timing, name in TIMINGS.items()}
TimeZone = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Berlin"])]


class PlanRef(Out):
    """A version of a package."""

    id: str
    name: str
    version: int

    @classmethod
    def of(cls, package: Package, version: Version) -> "PlanRef":
        """Make the answer."""
        return cls(id=encode_id(PACKAGE, package.public_id), name=package.name, version=version.number)


class SubscriptionOut(Out):
    """A subscription. `resets_at` is when the next allowance comes; `period_end` may be an end instead."""

    id: str
    state: StateName
    package: PlanRef
    terms: TermsOut
    time_zone: str
    anchor_at: Moment
    period_start: Moment | None
    period_end: Moment | None
    resets_at: Moment | None
    ends_at: Moment | None
    cancels_at_period_end: bool
    changes_to: PlanRef | None
    created_at: Moment

    @classmethod
    def of(cls, view: SubscriptionView) -> "SubscriptionOut":
        """Make the answer."""
        return cls(**_fields(view))


class PlanOut(SubscriptionOut):
    """One's own plan: what is left of the allowance, and what the period's end will make of it."""

    remaining: Credits
    rolls_over: Credits
    expires: Credits
    next_resets: list[Moment]

    @classmethod
    def of_line(cls, line: PlanLine) -> "PlanOut":
        """Make the answer."""
        return cls(
            **_fields(line.view),
            remaining=line.remaining_nano,
            rolls_over=line.rolls_over_nano,
            expires=line.expires_nano,
            next_resets=list(line.next_resets),
        )


class PreviewIn(In):
    """What shall be previewed. Without `when`: an upgrade now, everything else at the period's end."""

    action: ActionName
    package_id: str | None = None
    when: TimingName | None = None

    def to_domain(self, scope: Scope, *, zone: str, by_owner: bool) -> Change:
        """Return the change; raises PackageNotFound and the like."""
        offer = None
        if self.action == "change":
            offer = scope.packages.offer(decode_id(PACKAGE, self.package_id or ""), listed_only=by_owner)
        timing = TIMING_OF[self.when] if self.when else None
        return Change(Action[self.action.upper()], offer, timing, zone, by_owner)


class ApplyIn(In):
    """The preview to be carried out."""

    preview_id: str


class AdminApplyIn(ApplyIn):
    """The preview to be carried out, and why."""

    reason: Reason


class EntryLineOut(Out):
    """A movement. `part` says which grant is meant; one that is only previewed has no id."""

    kind: EntryKindName
    amount: Credits
    part: Literal["old_allowance", "kept", "new_allowance"] | None
    grant_id: str | None
    balance_after: Credits

    @classmethod
    def of(cls, line: EntryLine) -> "EntryLineOut":
        """Make the answer."""
        return cls(
            kind=ENTRY_KINDS[line.kind],
            amount=line.amount_nano,
            part=line.part.value if line.part else None,
            grant_id=encode_id(GRANT, line.grant_id) if line.grant_id else None,
            balance_after=line.balance_after_nano,
        )


class PreviewOut(Out):
    """What a change writes now (`entries`), or what the period's end will write if nothing more is used (`later`)."""

    id: str
    action: ActionName
    when: TimingName
    effective_at: Moment
    valid_until: Moment
    state_after: StateName
    period_end_after: Moment | None
    entries: list[EntryLineOut]
    later: list[EntryLineOut]

    @classmethod
    def of(cls, preview: Preview) -> "PreviewOut":
        """Make the answer."""
        return cls(
            id=encode_id(PREVIEW, preview.public_id),
            action=ACTIONS[preview.action],
            when=TIMINGS[preview.timing],
            effective_at=preview.effective_at,
            valid_until=preview.valid_until,
            state_after=STATES[preview.after.state],
            period_end_after=preview.after.period_end_at or None,
            entries=[EntryLineOut.of(line) for line in preview.entries],
            later=[EntryLineOut.of(line) for line in preview.later],
        )


class AppliedOut(Out):
    """What was written, beside what was previewed. Usage that came between is the only difference."""

    subscription: SubscriptionOut
    entries: list[EntryLineOut]
    previewed: list[EntryLineOut]
    used_between: Credits

    @classmethod
    def of(cls, applied: Applied) -> "AppliedOut":
        """Make the answer."""
        return cls(
            subscription=SubscriptionOut.of(applied.view),
            entries=[EntryLineOut.of(line) for line in applied.entries],
            previewed=[EntryLineOut.of(line) for line in applied.previewed],
            used_between=applied.used_between_nano,
        )


class ProofEntryOut(Out):
    """A ledger entry of a reset."""

    seq: int
    kind: EntryKindName
    amount: Credits
    balance_after: Credits
    hash: str


class ProofOut(Out):
    """A period's end and the next one's start, with the entries that prove that it was done, and done once."""

    id: str
    at: Moment
    cause: CauseName
    period_start: Moment
    period_end: Moment | None
    granted: Credits
    expired: Credits
    rolled_over: Credits
    forgiven: Credits
    entries: list[ProofEntryOut]

    @classmethod
    def of(cls, proof: Proof, numbers: OutsideNumbers) -> "ProofOut":
        """Make the answer; the ledger names the same id as the reference of its entries."""
        renewal = proof.renewal
        return cls(
            id=encode_id(RENEWAL_PREFIX, numbers.hide(RENEWAL, renewal.id)),
            at=renewal.at,
            cause=CAUSES[Cause(renewal.cause)],
            period_start=renewal.start_at,
            period_end=renewal.end_at or None,
            granted=proof.granted_nano,
            expired=proof.expired_nano,
            rolled_over=proof.kept_nano,
            forgiven=proof.forgiven_nano,
            entries=[
                ProofEntryOut(
                    seq=entry.seq,
                    kind=ENTRY_KINDS[EntryKind(entry.kind)],
                    amount=entry.amount_nano,
                    balance_after=entry.balance_after_nano,
                    hash=bytes(entry.hash).hex(),
                )
                for entry in proof.entries
            ],
        )


class AlternativeOut(Out):
    """A package on one's own usage. `uncovered` is what would have been bought on top."""

    package: PlanRef
    terms: TermsOut
    is_current: bool
    periods: int
    allowances: Credits
    covered: Credits
    uncovered: Credits
    expired: Credits
    price: AmountOut | None

    @classmethod
    def of(cls, one: Alternative) -> "AlternativeOut":
        """Make the answer."""
        result, price = one.result, one.result.price
        return cls(
            package=PlanRef.of(one.offer.package, one.offer.version),
            terms=TermsOut.of(one.offer.version.terms),
            is_current=one.is_current,
            periods=result.periods,
            allowances=result.given_nano,
            covered=result.covered_nano,
            uncovered=result.uncovered_nano,
            expired=result.expired_nano,
            price=AmountOut(amount=price.amount_nano, currency=price.currency) if price else None,
        )


class WhatIfOut(Out):
    """What was used in the last three months, and what each package would have made of it."""

    from_at: Moment = Field(alias="from")
    to_at: Moment = Field(alias="to")
    used: Credits
    packages: list[AlternativeOut]

    @classmethod
    def of(cls, found: Comparison) -> "WhatIfOut":
        """Make the answer."""
        alternatives = [AlternativeOut.of(one) for one in found.alternatives]
        span = {"from": found.span.start, "to": found.span.end}
        return cls(**span, used=found.used_nano, packages=alternatives)


class AdminSubscriptionOut(SubscriptionOut):
    """A subscription of any workspace. `error`: why its renewal is set aside, and when it is tried again."""

    workspace: Ref
    next_attempt_at: Moment | None
    tries: int
    error: str | None

    @classmethod
    def of_workspace(cls, view: SubscriptionView, workspace: Workspace) -> "AdminSubscriptionOut":
        """Make the answer."""
        row = view.row
        return cls(
            **_fields(view),
            workspace=Ref(id=encode_id(WORKSPACE, workspace.public_id), name=workspace.name),
            next_attempt_at=row.next_attempt_at or None,
            tries=row.tries,
            error=bytes(row.error).decode() or None,
        )


def _fields(view: SubscriptionView) -> dict[str, object]:
    standing = view.standing
    changes_to = PlanRef.of(view.pending_package, view.pending) if view.pending and view.pending_package else None
    return {
        "id": encode_id(SUBSCRIPTION, standing.public_id),
        "state": STATES[standing.state],
        "package": PlanRef.of(view.package, view.version),
        "terms": TermsOut.of(view.version.terms),
        "time_zone": standing.zone,
        "anchor_at": standing.anchor_at,
        "period_start": standing.period_start_at or None,
        "period_end": standing.period_end_at or None,
        "resets_at": standing.resets_at or None,
        "ends_at": standing.ends_at or None,
        "cancels_at_period_end": standing.cancels,
        "changes_to": changes_to,
        "created_at": view.row.created_at,
    }
