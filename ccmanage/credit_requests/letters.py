"""Mails about requests for credits: to administrators when somebody asks, to who asked when it is decided."""

from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account
from ccmanage.core.money import format_credits
from ccmanage.credit_requests.models import CreditRequest, RequestState
from ccmanage.email.service import EmailService, Recipient
from ccmanage.workspaces.service import WorkspaceService


class RequestLetters:
    """Writes mails into the outbox, in the transaction of the deed. `address` is where the portal is."""

    def __init__(
        self, email: EmailService, accounts: AccountService, workspaces: WorkspaceService, address: str
    ) -> None:
        self._email = email
        self._accounts = accounts
        self._workspaces = workspaces
        self._address = address.rstrip("/")

    def made(self, request: CreditRequest) -> None:
        """Tell every administrator that somebody asks."""
        person = self._accounts.by_number(request.user_id)
        values = {
            "workspace": self._name_of(request),
            "person": person.name,
            "amount": format_credits(request.asked_nano),
            "reason": request.reason,
            "link": f"{self._address}/admin/credit-requests",
        }
        for admin in self._accounts.named(self._accounts.admin_numbers()).values():
            key = f"credits.request_made:{request.id}:{admin.id}"
            self._email.post("credits.request_made", to=_reader(admin, request), values=values, dedupe_key=key)

    def decided(self, request: CreditRequest) -> None:
        """Tell who asked what was decided."""
        to = _reader(self._accounts.by_number(request.user_id), request)
        approved = request.state == RequestState.APPROVED
        values = {
            "workspace": self._name_of(request),
            "decision": "approved" if approved else "denied",
            "amount": format_credits(request.granted_nano if approved else request.asked_nano),
            "expires": to.moment(request.expires_at) if request.expires_at else "",
            "reason": request.note,
            "link": f"{self._address}/credits",
        }
        key = f"credits.request_decided:{request.id}"
        self._email.post("credits.request_decided", to=to, values=values, dedupe_key=key)

    def _name_of(self, request: CreditRequest) -> str:
        return self._workspaces.named([request.workspace_id])[request.workspace_id].name


def _reader(person: Account, request: CreditRequest) -> Recipient:
    return Recipient(
        person.email, person.name, person.id, request.workspace_id, language=person.locale, zone=person.time_zone
    )
