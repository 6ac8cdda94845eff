"""What people may ask about their own data."""

from functools import cached_property

from ccmanage.accounts.ending import EndingService
from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.bootstrap.reading import ReadingScope
from ccmanage.email.service import Recipient
from ccmanage.privacy.consents import ConsentService
from ccmanage.privacy.erasure import ErasureService, Parts
from ccmanage.privacy.exports import ExportService
from ccmanage.privacy.mail import PrivacyMail
from ccmanage.privacy.repository import ConsentRepository, ErasureRepository, ExportRepository
from ccmanage.settings import retention


class PrivacyScope(ReadingScope):
    """The services of privacy."""

    @cached_property
    def consents(self) -> ConsentService:
        """What people agreed to."""
        ring = self._runtime.ring
        return ConsentService(ConsentRepository(self.session), self.accounts, ring, self.clock, self.audit)

    @cached_property
    def exports(self) -> ExportService:
        """Copies of one's own data."""
        ring, repository = self._runtime.ring, ExportRepository(self.session)
        return ExportService(self, repository, ring, self.accounts, self.audit, self._privacy_mail)

    @cached_property
    def erasures(self) -> ErasureService:
        """Ends of accounts."""
        people, sessions = AccountRepository(self.session), SessionRepository(self.session)
        parts = Parts(
            accounts=self.accounts,
            ending=EndingService(people, sessions, self.clock),
            audit=self.audit,
            mail=self._privacy_mail,
            possessions=self._above,
            digester=self._runtime.digester,
        )
        return ErasureService(self, ErasureRepository(self.session), parts)

    @property
    def export_hours(self) -> int:
        """For how long a copy can be fetched."""
        return self.settings.get(retention.EXPORTS)

    @cached_property
    def _privacy_mail(self) -> PrivacyMail:
        return _Mails(self, self._runtime.settings.public_url)


class _Mails:
    """Mails about exports and erasures."""

    def __init__(self, scope: ReadingScope, public_url: str) -> None:
        self._scope = scope
        self._link = f"{public_url}/privacy"

    def export_ready(self, user_id: int, export_id: str, hours: int) -> None:
        """Tell that the copy can be downloaded."""
        self._post("accounts.export_ready", user_id, {"link": self._link, "hours": str(hours)}, export_id)

    def deletion_requested(self, user_id: int, erasure_id: str, due_at: int) -> None:
        """Tell when the account will be deleted."""
        on = self._recipient(user_id).moment(due_at)
        self._post("accounts.deletion_requested", user_id, {"on": on, "link": self._link}, erasure_id)

    def erase(self, user_id: int, address: str) -> None:
        """Cancel what waits for the person, forget every address and text of theirs."""
        self._scope.email.erase_person(user_id, address)

    def _post(self, template: str, user_id: int, values: dict[str, str], number: str) -> None:
        to = self._recipient(user_id)
        self._scope.email.post(template, to=to, values=values, dedupe_key=f"{template}:{number}")

    def _recipient(self, user_id: int) -> Recipient:
        person = self._scope.accounts.by_number(user_id)
        return Recipient(person.email, person.name, person.id, language=person.locale, zone=person.time_zone)
