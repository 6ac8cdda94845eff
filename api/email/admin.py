"""`/v1/admin/emails`: every mail, what became of it, what its reader saw; send one again."""

from typing import Annotated

from fastapi import Query

from api.deps import Admin, PageDep, ScopeDep
from api.email.schemas import STATE_OF, EmailDetailOut, EmailOut, EmailTextOut, MailSystemOut, StateName
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import EMAIL, decode_id
from ccmanage.email.press import Printed, print_or_fall_back, without_secrets
from ccmanage.email.service import Letter

emails = router("/v1/admin/emails", "admin emails")
mail_system = router("/v1/admin/mail-system", "admin mail system")


@emails.get("")
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    state: Annotated[StateName | None, Query(description="Only mails in this state.")] = None,
    template: Annotated[str | None, Query(max_length=64, description="Only mails of this template.")] = None,
    address: Annotated[str | None, Query(max_length=254, description="Only mails to exactly this address.")] = None,
) -> PageOut[EmailOut]:
    """List mails, newest first."""
    states = (STATE_OF[state],) if state is not None else None
    page = scope.email.page(ask, states=states, template=template, address=address)
    return PageOut[EmailOut].of(page, EmailOut.of)


@emails.get("/{email_id}")
def get(caller: Admin, scope: ScopeDep, email_id: str) -> EmailDetailOut:
    """Return a mail as its reader sees it. What would let somebody in is hidden, except in the embedded mode."""
    return _detail(scope, scope.email.get(decode_id(EMAIL, email_id)))


@emails.post("/{email_id}/send-again", responses=problems(409))
def send_again(caller: Admin, scope: ScopeDep, email_id: str) -> EmailDetailOut:
    """Send a mail another time, as the same message; an address that was given up is tried again."""
    return _detail(scope, scope.email.send_again(decode_id(EMAIL, email_id)))


@mail_system.get("")
def get_system(caller: Admin, scope: ScopeDep) -> MailSystemOut:
    """Tell how mails leave, and whether an edited template cannot be used."""
    settings = scope.process
    broken = sum(view.broken_at > 0 and view.is_edited for view in scope.email_templates.all())
    return MailSystemOut(
        mode="smtp" if settings.smtp_url else "mailbox" if settings.embedded else "none",
        sender=settings.mail_from,
        broken_templates=broken,
    )


def _detail(scope: Scope, letter: Letter) -> EmailDetailOut:
    is_hidden = not scope.process.keeps_mail
    return EmailDetailOut(
        email=EmailOut.of(letter),
        content=EmailTextOut.of(_printed(scope, letter, is_hidden=is_hidden)) if letter.has_body else None,
        message_id=letter.row.message_id,
        error=letter.error,
        is_hidden=is_hidden,
    )


def _printed(scope: Scope, letter: Letter, *, is_hidden: bool) -> Printed:
    row = letter.row
    values = without_secrets(row.template, letter.values) if is_hidden else letter.values
    source = scope.email_templates.source(row.template, row.language)
    return print_or_fall_back(row.template, source, values, scope.email_templates.frame(row.language))
