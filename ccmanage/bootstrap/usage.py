"""What was used: the inbox, and what could not be settled."""

from functools import cached_property

from ccmanage.admission.service import AdmissionService
from ccmanage.bootstrap.spending import SpendingScope
from ccmanage.usage.quarantine import QuarantineService
from ccmanage.usage.repository import BatchRepository, QuarantineRepository
from ccmanage.usage.service import UsageService


class UsageScope(SpendingScope):
    """The services of usage."""

    @cached_property
    def admission(self) -> AdmissionService:
        """Permission to spend."""
        return AdmissionService(self.session, self._runtime.snapshots, self.holds, self.clock, self._runtime.digester)

    @cached_property
    def usage(self) -> UsageService:
        """The inbox and its batches."""
        return UsageService(self, BatchRepository(self.session))

    @cached_property
    def quarantine(self) -> QuarantineService:
        """Events that could not be settled."""
        return QuarantineService(self, QuarantineRepository(self.session), self.audit)
