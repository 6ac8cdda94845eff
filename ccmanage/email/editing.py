"""Templates as administrators see and change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.ids import encode_id, new_id
from ccmanage.email.catalogue import COMMON, LANGUAGES, TEMPLATES, Template
from ccmanage.email.errors import TemplateChanged, TemplateNotFound
from ccmanage.email.layout import Frame
from ccmanage.email.models import EmailTemplateVersion
from ccmanage.email.press import Printed, print_mail
from ccmanage.email.rendering import check
from ccmanage.email.repository import TemplateRepository
from ccmanage.email.service import EmailService, Recipient
from ccmanage.email.settings import FOOTER, FROM_NAME
from ccmanage.email.shipped import shipped_source
from ccmanage.settings.service import SettingService

MAX_HISTORY = 50
_SAMPLE_NAME = {"en": "Ann", "zh": "小安"}


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template in one language: what holds, and how it came about."""

    template: Template
    language: str
    source: str
    shipped: str
    # Of the newest version; 0 = it was never edited.
    version: int
    is_edited: bool
    broken_at: int
    history: Sequence[EmailTemplateVersion] = ()


class TemplateService:
    """Templates: see, try, change, take back."""

    def __init__(
        self,
        repository: TemplateRepository,
        emails: EmailService,
        settings: SettingService,
        clock: Clock,
        audit: AuditService,
        *,
        portal: str,
    ) -> None:
        self._repository = repository
        self._emails = emails
        self._settings = settings
        self._clock = clock
        self._audit = audit
        self._portal = portal

    def all(self) -> list[TemplateView]:
        """Return every template in every language, with one query."""
        edited = self._repository.currents()
        return [
            _view(template, language, edited.get((template.name, language)))
            for template in TEMPLATES.values()
            for language in LANGUAGES
        ]

    def get(self, name: str, language: str) -> TemplateView:
        """Return a template with its history; raises TemplateNotFound."""
        template = _known(name, language)
        history = self._repository.history(name, language, MAX_HISTORY)
        return _view(template, language, history[0] if history else None, history)

    def preview(self, name: str, language: str, source: str) -> Printed:
        """Print a text with sample values, without keeping it; raises TemplateNotFound and BadTemplate."""
        template = _known(name, language)
        _check(template, source)
        return print_mail(name, source, {"name": _SAMPLE_NAME[language], **template.samples}, self.frame(language))

    def save(self, name: str, language: str, version: int, source: str) -> TemplateView:
        """Send this text from now on; raises TemplateNotFound, TemplateChanged and BadTemplate."""
        self.preview(name, language, source)
        return self._write(name, language, version, source, "emails.edit_template")

    def reset(self, name: str, language: str, version: int) -> TemplateView:
        """Send the shipped text again; raises TemplateNotFound and TemplateChanged."""
        return self._write(name, language, version, "", "emails.reset_template")

    def send_test(self, name: str, language: str, to: Recipient) -> bytes:
        """Send the text that holds now to an administrator, with sample values; returns the mail's number."""
        template, key = _known(name, language), encode_id("test", new_id())
        self._audit.record("emails.send_test", ("email_template", f"{name}/{language}"))
        return self._emails.post(name, to=to, values=template.samples, dedupe_key=key)

    def frame(self, language: str) -> Frame:
        """Return what stands around mails in a language."""
        return Frame(self._settings.get(FROM_NAME), self._portal, language, self._settings.get(FOOTER))

    def source(self, name: str, language: str) -> str:
        """Return the text that holds now."""
        return _view(_known(name, language), language, self._repository.current(name, language)).source

    def _write(self, name: str, language: str, version: int, source: str, action: str) -> TemplateView:
        _known(name, language)
        current = self._repository.current(name, language)
        if version != (current.version if current else 0):
            raise TemplateChanged
        # The unique key lets one of two who write at the same time in; the other one's try begins anew and finds it.
        self._repository.add(
            EmailTemplateVersion(
                template=name,
                language=language,
                version=version + 1,
                source=source.encode(),
                created_by=self._audit.actor.user_id,
                created_at=self._clock.now_ms(),
                broken_at=0,
            )
        )
        after: Mapping[str, object] = {"version": version + 1, "characters": len(source)}
        self._audit.record(action, ("email_template", f"{name}/{language}"), before={"version": version}, after=after)
        return self.get(name, language)


def _view(
    template: Template,
    language: str,
    current: EmailTemplateVersion | None,
    history: Sequence[EmailTemplateVersion] = (),
) -> TemplateView:
    shipped = shipped_source(template.name, language)
    edited = current.source.decode() if current else ""
    return TemplateView(
        template=template,
        language=language,
        source=edited or shipped,
        shipped=shipped,
        version=current.version if current else 0,
        is_edited=bool(edited),
        broken_at=current.broken_at if current else 0,
        history=history,
    )


def _known(name: str, language: str) -> Template:
    if name not in TEMPLATES or language not in LANGUAGES:
        raise TemplateNotFound
    return TEMPLATES[name]


def _check(template: Template, source: str) -> None:
    check(source, frozenset((*template.samples, *COMMON)))
