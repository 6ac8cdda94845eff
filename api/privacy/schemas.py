"""Bodies of privacy."""

from typing import Literal

from api.schemas import In, Moment, Out
from ccmanage.core.ids import encode_id
from ccmanage.privacy.consents import Standing
from ccmanage.privacy.exports import EXPORT
from ccmanage.privacy.models import Consent, DataExport, ErasureRequest, ExportState
from ccmanage.privacy.processors import Processor

ExportStateName = Literal["waiting", "building", "ready", "failed", "expired"]


class ExportOut(Out):
    """A copy of one's data. `done` of `total` parts are written; the file can be fetched until `expires_at`."""

    id: str
    state: ExportStateName
    done: int
    total: int
    size: int
    requested_at: Moment
    ready_at: Moment | None
    expires_at: Moment | None

    @classmethod
    def of(cls, export: DataExport) -> "ExportOut":
        """Make the answer."""
        names: dict[ExportState, ExportStateName] = {
            ExportState.WAITING: "waiting",
            ExportState.BUILDING: "building",
            ExportState.READY: "ready",
            ExportState.FAILED: "failed",
            ExportState.EXPIRED: "expired",
        }
        return cls(
            id=encode_id(EXPORT, export.public_id),
            state=names[ExportState(export.state)],
            done=export.done,
            total=export.total,
            size=export.size,
            requested_at=export.requested_at,
            ready_at=export.ready_at or None,
            expires_at=export.expires_at or None,
        )


class DeletionOut(Out):
    """The end of one's account, which can be taken back until then."""

    requested_at: Moment
    due_at: Moment

    @classmethod
    def of(cls, erasure: ErasureRequest) -> "DeletionOut":
        """Make the answer."""
        return cls(requested_at=erasure.requested_at, due_at=erasure.due_at)


class ConsentOut(Out):
    """Something that people are asked for, in the wording that holds now, and how one stands to it."""

    purpose: str
    version: str
    text: str
    needed: bool
    given: bool
    # The wording that was agreed to or refused, and when; null where one was never asked.
    answered_version: str | None
    answered_at: Moment | None

    @classmethod
    def of(cls, standing: Standing, language: str) -> "ConsentOut":
        """Make the answer."""
        purpose, consent = standing.purpose, standing.consent
        return cls(
            purpose=purpose.name,
            version=purpose.version,
            text=purpose.texts.get(language, purpose.texts["en"]),
            needed=purpose.is_needed,
            given=standing.is_given,
            answered_version=consent.text_version if consent else None,
            answered_at=consent.at if consent else None,
        )


class ConsentEntryOut(Out):
    """One time that somebody agreed or took it back."""

    purpose: str
    version: str
    given: bool
    at: Moment
    source: str

    @classmethod
    def of(cls, row: Consent) -> "ConsentEntryOut":
        """Make the answer."""
        return cls(purpose=row.purpose, version=row.text_version, given=bool(row.given), at=row.at, source=row.source)


class ConsentIn(In):
    """Whether one agrees."""

    given: bool


class PrivacyOut(Out):
    """How one stands: the latest copy, the deletion that waits, what keeps one from deleting, consents."""

    export: ExportOut | None
    deletion: DeletionOut | None
    # Shared workspaces that nobody else owns: hand them over or close them first.
    sole_owner_of: list[str]
    consents: list[ConsentOut]


class ProcessorOut(Out):
    """Somebody who handles personal data for the operator."""

    name: str
    purpose: str
    data: str
    location: str
    safeguards: str
    since: str

    @classmethod
    def of(cls, processor: Processor) -> "ProcessorOut":
        """Make the answer."""
        return cls(
            name=processor.name,
            purpose=processor.purpose,
            data=processor.data,
            location=processor.location,
            safeguards=processor.safeguards,
            since=processor.since,
        )


class ProcessorsOut(Out):
    """Everybody who handles personal data for the operator, and who is to be asked about it."""

    contact: str
    updated: str
    processors: list[ProcessorOut]
