"""What people agreed to: which purpose, which wording, when, from where. Rows are only ever added."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from ccmanage.accounts.service import AccountService
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.ids import USER, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.privacy.errors import ConsentNeeded, UnknownPurpose
from ccmanage.privacy.models import Consent
from ccmanage.privacy.repository import ConsentRepository


@dataclass(frozen=True, slots=True)
class Purpose:
    """Something that people are asked for: the wording that holds now, in both languages.

    `is_needed`: without it there is no account; such a consent ends with the account only.
    """

    name: str
    version: str
    texts: Mapping[str, str]
    is_needed: bool = False

    def digest(self, language: str) -> bytes:
        """Return the digest of the wording."""
        return hashlib.sha256(self.texts.get(language, self.texts["en"]).encode()).digest()


TERMS: Final = Purpose(
    "terms",
    "2026-11-1",
    {
        "en": "I accept the terms of use and have read how my personal data is handled.",
        "zh": "我接受使用条款，并已阅读个人数据的处理方式。",
    },
    is_needed=True,
)
PRODUCT_NEWS: Final = Purpose(
    "product_news",
    "2026-11-1",
    {
        "en": "Send me news about the product by mail. I can stop this at any time.",
        "zh": "请通过邮件向我发送产品动态。我可以随时停止接收。",
    },
)
PURPOSES: Final = {purpose.name: purpose for purpose in (TERMS, PRODUCT_NEWS)}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to a purpose; `consent` is None where they were never asked."""

    purpose: Purpose
    consent: Consent | None

    @property
    def is_given(self) -> bool:
        """Whether the person agrees."""
        return self.consent is not None and bool(self.consent.given)


class ConsentService:
    """Give, withdraw, list.

    `scope.consents.give(user_id, "terms", source="registration", language="en")`
    """

    def __init__(
        self,
        repository: ConsentRepository,
        accounts: AccountService,
        ring: KeyRing,
        clock: Clock,
        audit: AuditService,
    ) -> None:
        self._repository = repository
        self._accounts = accounts
        self._ring = ring
        self._clock = clock
        self._audit = audit

    def give(
        self, user_id: int, purpose: str, *, source: str, language: str = "en", address: str | None = None
    ) -> None:
        """Record that a person agrees to the wording that holds now; raises UnknownPurpose.

        `address` is where they did, if it was not in this request.
        """
        self._add(user_id, purpose, given=True, source=source, language=language, address=address)

    def withdraw(self, user_id: int, purpose: str, *, source: str, language: str = "en") -> None:
        """Record that a person does not agree any more; raises UnknownPurpose, ConsentNeeded."""
        if PURPOSES.get(purpose, PRODUCT_NEWS).is_needed:
            raise ConsentNeeded
        self._add(user_id, purpose, given=False, source=source, language=language)

    def has(self, user_id: int, purpose: str) -> bool:
        """Tell whether a person agrees."""
        newest = self._repository.newest(user_id).get(purpose)
        return newest is not None and bool(newest.given)

    def standings(self, user_id: int) -> list[Standing]:
        """Return every purpose with how the person stands to it."""
        newest = self._repository.newest(user_id)
        return [Standing(purpose, newest.get(purpose.name)) for purpose in PURPOSES.values()]

    def list(self, user_id: int, ask: PageRequest) -> Page[Consent]:
        """Return everything that a person agreed to or took back, newest first."""
        return self._repository.page_of(user_id, ask)

    def _add(
        self, user_id: int, purpose: str, *, given: bool, source: str, language: str, address: str | None = None
    ) -> None:
        wanted = PURPOSES.get(purpose)
        if wanted is None:
            raise UnknownPurpose(PURPOSES)
        before = self._repository.newest(user_id).get(purpose)
        digest = wanted.digest(language)
        if before is not None and bool(before.given) == given and before.text_sha256 == digest:
            return
        public_id = new_id()
        network = truncated(self._audit.actor.address if address is None else address)
        self._repository.add(
            Consent(
                public_id=public_id,
                user_id=user_id,
                purpose=purpose,
                text_version=wanted.version,
                text_sha256=digest,
                given=int(given),
                at=self._clock.now_ms(),
                source=source[:32],
                network_sealed=self._ring.encrypt(network, f"consents.network:{public_id.hex()}"),
            )
        )
        person = encode_id(USER, self._accounts.by_number(user_id).public_id)
        self._audit.record(
            "privacy.give_consent" if given else "privacy.withdraw_consent",
            ("user", person),
            after={"purpose": purpose, "version": wanted.version, "source": source[:32]},
        )


def truncated(address: str) -> str:
    """Return the network of an address: enough to tell where from, not enough to tell who."""
    try:
        prefix = 24 if ip_address(address).version == 4 else 48
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{prefix}", strict=False))
