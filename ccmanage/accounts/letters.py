"""The mails about accounts. Links are made of the configured public address alone, tokens stand behind the `#`."""

import hashlib

from ccmanage.accounts.devices import device_of, network_of
from ccmanage.accounts.values import Account
from ccmanage.core.clock import HOUR, Clock
from ccmanage.email.service import EmailService, Recipient


def recipient_of(account: Account, address: str = "") -> Recipient:
    """Return a person as somebody who gets mail, at another address than their own if told."""
    return Recipient(
        address or account.email,
        name=account.name,
        user_id=account.id,
        language=account.locale,
        zone=account.time_zone,
    )


def masked(address: str) -> str:
    """Return an address as it may stand in a mail to another: `a…n@example.com`."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…{local[-1:] if len(local) > 1 else ''}@{domain}"


class Letters:
    """Writes mails about accounts into the outbox."""

    def __init__(self, email: EmailService, public_url: str, clock: Clock) -> None:
        self._email = email
        self._url = public_url
        self._clock = clock

    def verify(self, account: Account, token: str) -> None:
        """Ask a new person to prove that the address is theirs."""
        self._once("accounts.verify", account, {"link": self._link("verify", token), "hours": "24"}, token)

    def already(self, account: Account) -> None:
        """Tell a person that somebody registered with their address; once an hour at most."""
        hour = self._clock.now_ms() // HOUR
        values = {"link": f"{self._url}/sign-in", "forgot": f"{self._url}/forgot"}
        self._email.post(
            "accounts.already",
            to=recipient_of(account),
            values=values,
            dedupe_key=f"accounts.already:{account.id}:{hour}",
        )

    def reset(self, account: Account, token: str) -> None:
        """Send the link by which a forgotten password is replaced."""
        self._once("accounts.reset", account, {"link": self._link("reset", token), "minutes": "30"}, token)

    def invited(self, account: Account, inviter: str, token: str) -> None:
        """Send the link by which somebody who was invited chooses a password."""
        values = {"inviter": inviter, "link": self._link("reset", token), "days": "7"}
        self._once("accounts.invited", account, values, token)

    def password_changed(self, account: Account, *, address: str, user_agent: str, once: str) -> None:
        """Tell a person that their password was changed."""
        values = {**self._from_where(account, address, user_agent), "link": f"{self._url}/forgot"}
        self._once("accounts.password_changed", account, values, once)

    def new_sign_in(self, account: Account, *, address: str, user_agent: str, once: str) -> None:
        """Tell a person that they, or somebody, signed in from a browser that was not seen before."""
        values = {**self._from_where(account, address, user_agent), "link": f"{self._url}/security"}
        self._once("accounts.new_sign_in", account, values, once)

    def suspended(self, account: Account, *, keys_handed: bool) -> None:
        """Tell a person that they are kept out. Why is between administrators: it stays in the audit log."""
        now = self._clock.now_ms()
        values = {"at": recipient_of(account).moment(now), "keys": "handed" if keys_handed else "revoked"}
        self._once("accounts.suspended", account, values, str(now))

    def address_confirm(self, account: Account, address: str, token: str) -> None:
        """Ask the owner of a new address to confirm it, and tell the old one what was asked."""
        link = self._link("confirm-address", token)
        self._once("accounts.address_confirm", account, {"link": link, "hours": "24"}, token, address)
        values = {
            "address": masked(address),
            "at": recipient_of(account).moment(self._clock.now_ms()),
            "link": f"{self._url}/profile",
        }
        self._once("accounts.address_asked", account, values, token)

    def address_changed(self, before: Account, after: Account, undo: str) -> None:
        """Tell both addresses; the old one can undo it for some days."""
        at = recipient_of(before).moment(self._clock.now_ms())
        old = {
            "address": masked(after.email),
            "at": at,
            "link": self._link("undo-address", undo),
            "days": "7",
        }
        self._once("accounts.address_changed_old", before, old, undo)
        self._once("accounts.address_changed_new", after, {"at": at, "link": f"{self._url}/profile"}, undo)

    def _from_where(self, account: Account, address: str, user_agent: str) -> dict[str, str]:
        device = " · ".join(part for part in device_of(user_agent) if part)
        return {
            "at": recipient_of(account).moment(self._clock.now_ms()),
            "device": device or "?",
            "network": network_of(address) or "?",
        }

    def _once(self, template: str, account: Account, values: dict[str, str], once: str, address: str = "") -> None:
        # The key tells two mails apart and opens nothing: of a token it holds a digest.
        key = f"{template}:{account.id}:{hashlib.sha256(once.encode()).hexdigest()[:24]}"
        self._email.post(template, to=recipient_of(account, address), values=values, dedupe_key=key)

    def _link(self, page: str, token: str) -> str:
        # Browsers send what stands behind the `#` to nobody: not to this server's log, not to other sites.
        return f"{self._url}/{page}#t={token}"
