"""Bodies of mail."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import In, Moment, Out, Ref
from ccmanage.accounts.values import Account
from ccmanage.core.ids import EMAIL, USER, encode_id
from ccmanage.email.catalogue import COMMON
from ccmanage.email.editing import TemplateView
from ccmanage.email.models import EmailState, EmailTemplateVersion
from ccmanage.email.press import Printed
from ccmanage.email.rendering import MAX_SOURCE
from ccmanage.email.service import Letter

StateName = Literal["pending", "sending", "sent", "failed", "suppressed", "kept", "cancelled"]
STATES: dict[EmailState, StateName] = {
    EmailState.PENDING: "pending",
    EmailState.SENDING: "sending",
    EmailState.SENT: "sent",
    EmailState.FAILED: "failed",
    EmailState.SUPPRESSED: "suppressed",
    EmailState.KEPT: "kept",
    EmailState.CANCELLED: "cancelled",
}
STATE_OF = {name: state for state, name in STATES.items()}
Source = Annotated[str, Field(max_length=MAX_SOURCE)]
Version = Annotated[int, Field(ge=0, le=2**31, description="The `version` that was read; a later one is a 409.")]


class EmailOut(Out):
    """A mail. The address is empty once it is forgotten; `next_attempt_at` is null when nothing more is tried."""

    id: str
    template: str
    language: str
    address: str
    state: StateName
    tries: int
    error_code: str
    created_at: Moment
    sent_at: Moment | None
    next_attempt_at: Moment | None
    has_body: bool

    @classmethod
    def of(cls, letter: Letter) -> "EmailOut":
        """Make the answer."""
        row = letter.row
        state = EmailState(row.state)
        waits = state in (EmailState.PENDING, EmailState.SENDING)
        return cls(
            id=encode_id(EMAIL, row.public_id),
            template=row.template,
            language=row.language,
            address=letter.address,
            state=STATES[state],
            tries=row.tries,
            error_code=row.error_code,
            created_at=row.created_at,
            sent_at=row.sent_at or None,
            next_attempt_at=row.next_attempt_at if waits else None,
            has_body=letter.has_body,
        )


class EmailTextOut(Out):
    """What its reader sees. Links that let somebody in are hidden from others, except in the embedded mode."""

    subject: str
    html: str
    text: str

    @classmethod
    def of(cls, printed: Printed) -> "EmailTextOut":
        """Make the answer."""
        return cls(subject=printed.subject, html=printed.html, text=printed.text)


class EmailDetailOut(Out):
    """A mail with its text (null once it is forgotten) and the mail server's own words."""

    email: EmailOut
    content: EmailTextOut | None
    message_id: str
    error: str
    is_hidden: bool


class MailSystemOut(Out):
    """How mails leave: over a mail server, kept in the portal, or not at all (nothing is set up)."""

    mode: Literal["smtp", "mailbox", "none"]
    sender: str
    broken_templates: int


class TemplateRefOut(Out):
    """A template in one language, without its text."""

    name: str
    language: str
    kind: Literal["service", "notification"]
    version: int
    is_edited: bool
    broken_at: Moment | None

    @classmethod
    def of(cls, view: TemplateView) -> "TemplateRefOut":
        """Make the answer."""
        return cls(
            name=view.template.name,
            language=view.language,
            kind=view.template.kind.value,
            version=view.version,
            is_edited=view.is_edited,
            broken_at=view.broken_at or None,
        )


class TemplatesOut(Out):
    """Every template in every language."""

    items: list[TemplateRefOut]


class TemplateVersionOut(Out):
    """An earlier text; an empty one means that the shipped one held."""

    version: int
    source: str
    author: Ref | None
    at: Moment

    @classmethod
    def of(cls, row: EmailTemplateVersion, author: Account | None) -> "TemplateVersionOut":
        """Make the answer."""
        return cls(
            version=row.version,
            source=row.source.decode(),
            author=Ref(id=encode_id(USER, author.public_id), name=author.name) if author else None,
            at=row.created_at,
        )


class ValueOut(Out):
    """A value that a template can use, with the sample of its preview."""

    name: str
    sample: str


class TemplateOut(Out):
    """A template in one language: the text that holds, the shipped one, what it can use, its versions."""

    template: TemplateRefOut
    source: str
    shipped: str
    values: list[ValueOut]
    history: list[TemplateVersionOut]

    @classmethod
    def of(cls, view: TemplateView, authors: dict[int, Account]) -> "TemplateOut":
        """Make the answer."""
        common = [ValueOut(name=name, sample="") for name in COMMON]
        own = [ValueOut(name=name, sample=sample) for name, sample in view.template.samples.items()]
        return cls(
            template=TemplateRefOut.of(view),
            source=view.source,
            shipped=view.shipped,
            values=[*own, *common],
            history=[TemplateVersionOut.of(row, authors.get(row.created_by)) for row in view.history],
        )


class TemplateRenderIn(In):
    """A text to look at."""

    source: Source


class TemplateSaveIn(In):
    """The text that shall be sent from now on."""

    version: Version
    source: Source


class TemplateResetIn(In):
    """The template as it was seen."""

    version: Version
