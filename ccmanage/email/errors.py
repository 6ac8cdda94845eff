"""What can go wrong with mail."""

from ccmanage.core.errors import DomainError, InvalidInput, Kind, NotFound


class EmailNotFound(NotFound):
    """There is no such mail."""

    code = "emails.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such mail.")


class TemplateNotFound(NotFound):
    """There is no such template, or not in this language."""

    code = "emails.template_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such mail template.")


class TemplateChanged(DomainError):
    """Somebody else changed the template after it was read."""

    kind, code = Kind.CONFLICT, "emails.template_changed"

    def __init__(self) -> None:
        super().__init__("Somebody else changed this template. Look at it again.")


class BodyForgotten(DomainError):
    """The text of the mail is no longer kept."""

    kind, code = Kind.CONFLICT, "emails.body_forgotten"

    def __init__(self) -> None:
        super().__init__("The text of this mail is no longer kept, so it cannot be sent again.")


class StillWaiting(DomainError):
    """The mail is on its way already."""

    kind, code = Kind.CONFLICT, "emails.still_waiting"

    def __init__(self) -> None:
        super().__init__("This mail is still being sent. Wait until it has arrived or failed.")


class BadAddress(InvalidInput):
    """Not exactly one mail address."""

    code = "emails.bad_address"


class BadTemplate(InvalidInput):
    """A template that cannot be used; the text says why."""

    code = "emails.bad_template"
