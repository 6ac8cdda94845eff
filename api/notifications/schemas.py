"""Bodies around thresholds, alerts and notifications."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from api.schemas import Credits, CreditsIn, In, Moment, Out
from ccmanage.core.errors import invalid
from ccmanage.core.ids import ALERT, NOTIFICATION, THRESHOLD, encode_id
from ccmanage.notifications.happenings import data_of
from ccmanage.notifications.lists import Line, Wishes
from ccmanage.notifications.models import Alert, DigestKind, Threshold, ThresholdKind
from ccmanage.notifications.rules import NO_AMOUNT
from ccmanage.notifications.service import NewThreshold, ThresholdChange
from ccmanage.reports.alert_preview import Fired

KindName = Literal["percent_left", "amount_left", "run_out", "spend_per_day"]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]

_FIELD = {
    ThresholdKind.PERCENT_LEFT: "percent",
    ThresholdKind.AMOUNT_LEFT: "credits",
    ThresholdKind.RUN_OUT: "days",
    ThresholdKind.SPEND_PER_DAY: "credits",
}


def _kind(name: KindName) -> ThresholdKind:
    return ThresholdKind[name.upper()]


class _ValueIn(In):
    percent: Annotated[int, Field(ge=0, le=99)] | None = None
    credits: CreditsIn | None = None
    days: Annotated[int, Field(ge=1, le=90)] | None = None

    def value_for(self, kind: ThresholdKind) -> int | None:
        """Return the value that belongs to the kind; raises InvalidInput for another's."""
        wanted = _FIELD[kind]
        for name in ("percent", "credits", "days"):
            if name != wanted and getattr(self, name) is not None:
                raise invalid(f"/{name}", "threshold.other_field", f"This kind takes {wanted}.")
        value: int | None = getattr(self, wanted)
        return value

    def needed_value(self, kind: ThresholdKind) -> int:
        """Return the value that belongs to the kind; raises InvalidInput."""
        value = self.value_for(kind)
        if value is None:
            raise invalid(f"/{_FIELD[kind]}", "field.missing", f"This kind takes {_FIELD[kind]}.")
        return value


class ThresholdIn(_ValueIn):
    """A threshold: `percent` of the subscription's grant left, `credits` left or spent in a day, or `days` ahead."""

    kind: KindName
    shared: bool = False
    by_mail: bool = True
    by_webhook: bool = False

    def to_domain(self) -> NewThreshold:
        """Return what is to be set; raises InvalidInput."""
        kind = _kind(self.kind)
        return NewThreshold(kind, self.needed_value(kind), self.shared, self.by_mail, self.by_webhook)


class ThresholdPreviewIn(_ValueIn):
    """A threshold that is only tried out."""

    kind: KindName

    def to_domain(self) -> tuple[ThresholdKind, int]:
        """Return kind and value; raises InvalidInput."""
        kind = _kind(self.kind)
        return kind, self.needed_value(kind)


class ThresholdChangeIn(_ValueIn):
    """What shall change of a threshold; fields that are not sent stay. The kind does not change."""

    by_mail: bool | None = None
    by_webhook: bool | None = None

    def to_domain(self, kind: ThresholdKind) -> ThresholdChange:
        """Return what is to change; raises InvalidInput."""
        return ThresholdChange(self.value_for(kind), self.by_mail, self.by_webhook)


class ThresholdOut(Out):
    """A threshold. `armed`: it will fire when it is crossed; else it waits until credits come, or for tomorrow."""

    id: str
    kind: KindName
    percent: int | None
    credits: Credits | None
    days: int | None
    shared: bool
    by_mail: bool
    by_webhook: bool
    armed: bool
    fires_at_balance: Credits | None
    fired_at: Moment | None
    created_at: Moment

    @classmethod
    def of(cls, row: Threshold) -> Self:
        """Make the answer."""
        daily = row.kind == ThresholdKind.SPEND_PER_DAY
        return cls(
            id=encode_id(THRESHOLD, row.public_id),
            shared=row.user_id == 0,
            by_mail=bool(row.by_mail),
            by_webhook=bool(row.by_webhook),
            armed=daily or bool(row.armed),
            fires_at_balance=None if row.amount_nano == NO_AMOUNT else row.amount_nano,
            fired_at=row.fired_at or None,
            created_at=row.created_at,
            **_meaning(row.kind, row.value),
        )


class AlertOut(Out):
    """A threshold that was crossed. `found` is the balance at that moment, for a day's spend the spend."""

    id: str
    kind: KindName
    percent: int | None
    credits: Credits | None
    days: int | None
    shared: bool
    found: Credits
    runs_out_at: Moment | None
    fired_at: Moment

    @classmethod
    def of(cls, row: Alert) -> Self:
        """Make the answer."""
        return cls(
            id=encode_id(ALERT, row.public_id),
            shared=row.user_id == 0,
            found=row.found_nano,
            runs_out_at=row.runs_out_at or None,
            fired_at=row.at,
            **_meaning(row.kind, row.value),
        )


class ThresholdPreviewOut(Out):
    """When a threshold would have fired. `complete` is false if the ledger was too long to look at all of it."""

    days: int
    fired_at: list[Moment]
    complete: bool

    @classmethod
    def of(cls, fired: Fired) -> Self:
        """Make the answer."""
        return cls(days=fired.days, fired_at=list(fired.at), complete=fired.complete)


class NotificationOut(Out):
    """Something that happened. `data` holds ids, codes and figures; which ones depends on `type`."""

    id: str
    type: str
    data: dict[str, Any]
    created_at: Moment
    read_at: Moment | None

    @classmethod
    def of(cls, line: Line) -> Self:
        """Make the answer."""
        return cls(
            id=encode_id(NOTIFICATION, line.row.public_id),
            type=bytes(line.happening.kind).decode(),
            data=data_of(line.happening),
            created_at=line.row.created_at,
            read_at=line.row.read_at or None,
        )


class UnreadOut(Out):
    """How many notifications were not read; 100 stands for that many or more."""

    unread: int


class PreferencesOut(Out):
    """How mails come: never in the quiet hours of the reader's zone, one by one or as a summary."""

    mails: bool
    quiet_from: str | None
    quiet_to: str | None
    summary: Literal["off", "daily", "weekly"]
    summary_at: str
    time_zone: str

    @classmethod
    def of(cls, wishes: Wishes, time_zone: str) -> Self:
        """Make the answer."""
        quiet = wishes.quiet_from != wishes.quiet_to
        return cls(
            mails=wishes.mails,
            quiet_from=_written(wishes.quiet_from) if quiet else None,
            quiet_to=_written(wishes.quiet_to) if quiet else None,
            summary=wishes.digest.name.lower(),
            summary_at=_written(wishes.digest_at),
            time_zone=time_zone,
        )


class PreferencesIn(In):
    """How mails shall come. Both ends of the quiet hours, or none."""

    mails: bool
    quiet_from: TimeOfDay | None
    quiet_to: TimeOfDay | None
    summary: Literal["off", "daily", "weekly"]
    summary_at: TimeOfDay

    def to_domain(self) -> Wishes:
        """Return the wishes; raises InvalidInput."""
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise invalid("/quiet_to", "quiet_hours.half", "Give both ends of the quiet hours, or none.")
        return Wishes(
            self.mails,
            _minutes(self.quiet_from),
            _minutes(self.quiet_to),
            DigestKind[self.summary.upper()],
            _minutes(self.summary_at),
        )


def _meaning(kind: int, value: int) -> dict[str, Any]:
    found = ThresholdKind(kind)
    meaning: dict[str, Any] = {"kind": found.name.lower(), "percent": None, "credits": None, "days": None}
    meaning[_FIELD[found]] = value
    return meaning


def _minutes(text: str | None) -> int:
    return int(text[:2]) * 60 + int(text[3:]) if text else 0


def _written(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
