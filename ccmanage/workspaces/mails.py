"""The mails that tell people about workspaces; each goes into the outbox in the transaction of its deed."""

from ccmanage.accounts.values import Account
from ccmanage.core.clock import DAY
from ccmanage.core.ids import INVITATION, encode_id
from ccmanage.email.service import EmailService, Recipient
from ccmanage.workspaces.models import Invitation, MemberRole, Workspace


class WorkspaceMails:
    """Writes to members and to those who shall become some."""

    def __init__(self, outbox: EmailService, public_url: str) -> None:
        self._outbox = outbox
        self._public_url = public_url.rstrip("/")

    def invited(
        self, invitation: Invitation, workspace: Workspace, inviter: Account, to: str | Account, token: str
    ) -> None:
        """Send the link. Its token stands behind the `#`, which no server and no log ever sees.

        To whom: somebody who is known, or an address, which is written to in the language of who invites.
        """
        guest = Recipient(to, language=inviter.locale, zone=inviter.time_zone) if isinstance(to, str) else _person(to)
        days = max(1, round((invitation.expires_at - invitation.sent_at) / DAY))
        self._outbox.post(
            "workspaces.invited",
            to=guest,
            values={
                "workspace": workspace.name,
                "inviter": inviter.name,
                "role": MemberRole(invitation.role).name.lower(),
                "link": f"{self._public_url}/join#t={token}",
                "days": str(days),
            },
            dedupe_key=f"workspaces.invited:{encode_id(INVITATION, invitation.public_id)}:{invitation.mails}",
        )

    def removed(self, workspace: Workspace, leaver: Account, at: int) -> None:
        """Tell somebody that they do not belong to a workspace any more."""
        self._outbox.post(
            "workspaces.removed",
            to=_person(leaver, workspace.id),
            values={"workspace": workspace.name},
            dedupe_key=f"workspaces.removed:{workspace.id}:{leaver.id}:{at}",
        )

    def handed_over(self, workspace: Workspace, owner: Account, previous: Account, at: int) -> None:
        """Tell somebody that a workspace is theirs."""
        self._outbox.post(
            "workspaces.ownership",
            to=_person(owner, workspace.id),
            values={
                "workspace": workspace.name,
                "previous": previous.name,
                "link": f"{self._public_url}/workspace",
            },
            dedupe_key=f"workspaces.ownership:{workspace.id}:{owner.id}:{at}",
        )


def _person(account: Account, workspace_id: int = 0) -> Recipient:
    return Recipient(
        account.email,
        name=account.name,
        user_id=account.id,
        workspace_id=workspace_id,
        language=account.locale,
        zone=account.time_zone,
    )
