"""What every scope stands on."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ccmanage.audit.repository import AuditRepository
from ccmanage.audit.sealing import Sealer
from ccmanage.audit.service import Actor, AuditService
from ccmanage.bootstrap.hearing import HeardAudit
from ccmanage.core.config import Settings
from ccmanage.core.crypto import KeyRing
from ccmanage.core.uow import UnitOfWork
from ccmanage.email.editing import TemplateService
from ccmanage.email.outgoing import OutgoingService
from ccmanage.email.repository import EmailRepository, TemplateRepository
from ccmanage.email.service import EmailService
from ccmanage.settings.repository import SettingRepository
from ccmanage.settings.service import SettingService

if TYPE_CHECKING:
    from ccmanage.bootstrap.runtime import Runtime


class Above(Protocol):
    """What lower features let upper ones do in the same transaction."""

    def open_personal_workspace(self, user_id: int) -> None:
        """Give a new person a workspace of their own."""
        ...

    def revoke_keys_of(self, user_id: int) -> int:
        """Revoke all keys that a person made; returns how many."""
        ...

    def hand_keys_of(self, user_id: int) -> tuple[int, int]:
        """Hand a person's keys to the owners of their workspaces; returns how many, and how many were revoked."""
        ...

    def agree_to_terms(self, user_id: int, *, language: str, address: str) -> None:
        """Record that somebody who registers accepts the terms of use."""
        ...

    def tell_suspended(self, user_id: int, *, keys_handed: bool) -> None:
        """Tell a person by mail that they are kept out, and whether the keys that they made work on."""
        ...

    def opened(self, workspace_id: int) -> None:
        """Open the account of a new workspace."""
        ...

    def weighing(self, workspace_id: int) -> AbstractContextManager[None]:
        """Hold a workspace's balance, and weigh its thresholds anew in the end."""
        ...

    def heard(self, action: str, subject: tuple[str, str], workspace_id: int, after: Mapping[str, Any] | None) -> None:
        """Tell others of a deed that the audit log records."""
        ...

    def revoke_keys_in(self, workspace_id: int, made_by: int | None) -> int:
        """Revoke the keys of a workspace, or those that one person made there; returns how many."""
        ...

    def reassign_keys_in(self, workspace_id: int, made_by: int, to_user_id: int) -> int:
        """Let one person's keys in a workspace be another's; returns how many."""
        ...

    def end_subscription(self, workspace_id: int) -> bool:
        """End the subscription of a workspace; tells whether it had one."""
        ...


class ScopeBase(UnitOfWork):
    """One transaction of a runtime, on behalf of somebody. Services are built when they are first asked for."""

    def __init__(self, runtime: "Runtime", actor: Actor, *, write: bool) -> None:
        super().__init__(runtime.database, runtime.queue, runtime.clock, write=write)
        self._runtime = runtime
        self._actor = actor

    @cached_property
    def audit(self) -> AuditService:
        """Who did what."""
        repository, ring = AuditRepository(self.session), self._runtime.ring
        return HeardAudit(repository, ring, self.clock, self._actor, hears=self._above)

    @property
    def process(self) -> Settings:
        """How the operator set this process up."""
        return self._runtime.settings

    @cached_property
    def settings(self) -> SettingService:
        """What administrators can change while everything runs."""
        runtime = self._runtime
        return SettingService(
            SettingRepository(self.session), runtime.registry, runtime.settings_cache, self.clock, self.audit
        )

    @cached_property
    def email(self) -> EmailService:
        """The outbox."""
        runtime = self._runtime
        repository = EmailRepository(self.session)
        return EmailService(self, repository, runtime.ring, self.audit, domain=runtime.settings.mail_domain)

    @cached_property
    def outgoing(self) -> OutgoingService:
        """Mails on their way."""
        rows = EmailRepository(self.session), TemplateRepository(self.session)
        return OutgoingService(*rows, self.email, self.settings, self._runtime.ring, self.clock)

    @cached_property
    def email_templates(self) -> TemplateService:
        """Texts of mails."""
        repository, portal = TemplateRepository(self.session), self._runtime.settings.public_url
        return TemplateService(repository, self.email, self.settings, self.clock, self.audit, portal=portal)

    @property
    def ring(self) -> KeyRing:
        """What encrypts at rest."""
        return self._runtime.ring

    @cached_property
    def sealer(self) -> Sealer:
        """What chains the audit log."""
        return Sealer(AuditRepository(self.session), self.clock)

    @cached_property
    def _above(self) -> Above:
        raise AssertionError("the whole Scope knows")
