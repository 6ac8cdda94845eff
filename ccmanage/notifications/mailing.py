"""Send what is due by mail: each person one at a time, what came together in one mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ccmanage.accounts.models import UserState
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account
from ccmanage.core.clock import parse_rfc3339
from ccmanage.core.uow import UnitOfWork
from ccmanage.email.service import EmailService, Recipient
from ccmanage.notifications.catalogue import GATEWAY_SILENT, WEBHOOK_DISABLED
from ccmanage.notifications.happenings import data_of
from ccmanage.notifications.mail_texts import words_of
from ccmanage.notifications.models import Happening, MailState, Notification
from ccmanage.notifications.repository import HappeningRepository, NotificationRepository
from ccmanage.workspaces.service import WorkspaceService

CHUNK: Final = 50


@dataclass(frozen=True, slots=True)
class People:
    """Who is written to, and about what."""

    accounts: AccountService
    workspaces: WorkspaceService


@dataclass(frozen=True, slots=True)
class _Item:
    row: Notification
    happening: Happening
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return bytes(self.happening.kind).decode()


class MailingService:
    """Mails about notifications. The mark that one was posted is in the outbox row's transaction."""

    def __init__(
        self,
        uow: UnitOfWork,
        repositories: tuple[NotificationRepository, HappeningRepository],
        people: People,
        email: EmailService,
        public_url: str,
    ) -> None:
        self._uow = uow
        self._repository, self._happenings = repositories
        self._people = people
        self._email = email
        self._public_url = public_url

    def send_due(self) -> bool:
        """Write the mails that are due to a chunk of people; tells whether there may be more."""
        now = self._uow.clock.now_ms()
        users = self._repository.people_due(now, CHUNK)
        accounts = self._people.accounts.named(users)
        for user in users:
            rows = [row for row in self._repository.mails_waiting(user) if row.mail_due_at <= now]
            account = accounts.get(user)
            wanted = account is not None and account.state is UserState.ACTIVE
            if account is not None and wanted:
                self._write_to(account, rows)
            for row in rows:
                row.mail_state = MailState.POSTED if wanted else MailState.NONE
            self._uow.session.flush()
        return len(users) == CHUNK

    def _write_to(self, account: Account, rows: Sequence[Notification]) -> None:
        known = self._happenings.many([row.happening_id for row in rows])
        by_workspace: dict[int, list[_Item]] = {}
        for row in rows:
            if (happening := known.get(row.happening_id)) is not None:
                item = _Item(row, happening, _read(data_of(happening), account))
                by_workspace.setdefault(happening.workspace_id, []).append(item)
        names = self._people.workspaces.named([number for number in by_workspace if number])
        for number, items in sorted(by_workspace.items()):
            # No name: it concerns the installation, and is written to administrators.
            name = names[number].name if number in names else ""
            to = _recipient(account, number)
            if len(items) == 1:
                self._single(to, name, items[0])
            else:
                self._summary(to, name, items)

    def _single(self, to: Recipient, workspace: str, item: _Item) -> None:
        words, at = words_of(item.kind, item.data, to.language), to.moment(item.happening.at)
        key = f"notification:{item.row.id}"
        if item.kind == WEBHOOK_DISABLED:
            values = {
                "workspace": workspace,
                "webhook": str(item.data.get("name", "")),
                "failures": str(item.data.get("failures", "")),
                "since": str(item.data.get("failing_since", at)),
                "link": self._link("/webhooks" if item.happening.workspace_id else "/admin/webhooks"),
            }
            self._email.post("webhooks.disabled", to=to, values=values, dedupe_key=key)
        elif item.kind == GATEWAY_SILENT:
            values = {
                "gateway": str(item.data.get("name", "")),
                "last_post": str(item.data.get("last_post_at", "")),
                "link": self._link("/admin/gateways"),
            }
            self._email.post("gateways.silent", to=to, values=values, dedupe_key=key)
        else:
            values = {
                "workspace": workspace,
                "alert": words.title,
                "limit": words.limit,
                "value": words.value,
                "at": at,
                "link": self._link("/alerts" if item.happening.workspace_id else "/notifications"),
            }
            self._email.post("alerts.threshold", to=to, values=values, dedupe_key=key)

    def _summary(self, to: Recipient, workspace: str, items: Sequence[_Item]) -> None:
        values = {
            "workspace": workspace,
            "count": str(len(items)),
            "lines": "\n".join(words_of(item.kind, item.data, to.language).line for item in items),
            "link": self._link("/notifications"),
        }
        last = max(item.row.id for item in items)
        self._email.post("alerts.digest", to=to, values=values, dedupe_key=f"summary:{to.user_id}:{last}")

    def _link(self, path: str) -> str:
        return self._public_url + path


def _recipient(account: Account, workspace_id: int) -> Recipient:
    return Recipient(
        account.email,
        name=account.name,
        user_id=account.id,
        workspace_id=workspace_id,
        language=account.locale,
        zone=account.time_zone,
    )


def _read(data: Mapping[str, Any], account: Account) -> dict[str, Any]:
    """Write instants as the reader understands them."""
    to = _recipient(account, 0)
    found = dict(data)
    for name, value in data.items():
        if (name.endswith("_at") or name == "failing_since") and isinstance(value, str):
            found[name] = to.moment(parse_rfc3339(value))
    return found
