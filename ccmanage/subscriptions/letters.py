"""Mails to a workspace's owner when its plan changed or came to its end."""

from collections.abc import Callable, Mapping

from ccmanage.accounts.service import AccountService
from ccmanage.email.service import EmailService, Recipient
from ccmanage.packages.rules import Version
from ccmanage.packages.service import PackageService
from ccmanage.subscriptions.states import FINAL, State, Turn
from ccmanage.workspaces.service import WorkspaceService

_OVER = FINAL | {State.PAST_END}


class SubscriptionLetters:
    """Writes mails into the outbox, in the transaction of the turn. `address` is where the portal is."""

    def __init__(
        self,
        email: EmailService,
        accounts: AccountService,
        workspaces: WorkspaceService,
        packages: PackageService,
        address: str,
    ) -> None:
        self._email = email
        self._accounts = accounts
        self._workspaces = workspaces
        self._packages = packages
        self._link = f"{address.rstrip('/')}/plan"

    def told(self, turn: Turn, versions: Callable[[set[int]], Mapping[int, Version]]) -> None:
        """Tell the owner of a turn, if it is one that people want to know of."""
        before, after = turn.before, turn.after
        if not before.renewal_id:
            return
        ended = after.state in _OVER and before.state not in _OVER
        if not ended and before.version_id == after.version_id:
            return
        to = self._owner_of(before.workspace_id)
        if to is None:
            return
        known = versions({before.version_id, after.version_id})
        names = self._packages.named(version.package_id for version in known.values())
        values = {
            "workspace": self._workspaces.named([before.workspace_id])[before.workspace_id].name,
            "package": names[known[after.version_id].package_id].name,
            "at": to.moment(turn.at),
            "link": self._link,
        }
        template = "subscriptions.ended" if ended else "subscriptions.changed"
        if not ended:
            values["previous"] = names[known[before.version_id].package_id].name
        self._email.post(template, to=to, values=values, dedupe_key=f"{template}:{before.id}:{turn.at}")

    def _owner_of(self, workspace_id: int) -> Recipient | None:
        owner = self._workspaces.owners_of([workspace_id]).get(workspace_id)
        if owner is None:
            return None
        person = self._accounts.by_number(owner)
        return Recipient(
            person.email, person.name, person.id, workspace_id, language=person.locale, zone=person.time_zone
        )
