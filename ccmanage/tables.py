"""Every table, imported once: the metadata for migrations and tests."""

from ccmanage.accounts import factor_models as factors
from ccmanage.accounts import models as accounts
from ccmanage.accounts import proof_models as proofs
from ccmanage.accounts import provider_models as providers
from ccmanage.accounts import token_models as tokens
from ccmanage.audit import models as audit
from ccmanage.core import idempotency, locks
from ccmanage.core.db import Base
from ccmanage.credit_requests import models as credit_requests
from ccmanage.credits import models as credit
from ccmanage.email import models as email
from ccmanage.gateways import models as gateways
from ccmanage.keys import models as keys
from ccmanage.notifications import models as notifications
from ccmanage.notifications import webhook_models as webhooks
from ccmanage.packages import models as packages
from ccmanage.pricing import models as pricing
from ccmanage.privacy import models as privacy
from ccmanage.reports import models as reports
from ccmanage.settings import models as settings
from ccmanage.subscriptions import models as subscriptions
from ccmanage.usage import models as usage
from ccmanage.vouchers import models as vouchers
from ccmanage.workspaces import models as workspaces

metadata = Base.metadata

__all__ = [
    "accounts",
    "audit",
    "credit",
    "credit_requests",
    "email",
    "factors",
    "gateways",
    "idempotency",
    "keys",
    "locks",
    "metadata",
    "notifications",
    "packages",
    "pricing",
    "privacy",
    "proofs",
    "providers",
    "reports",
    "settings",
    "subscriptions",
    "tokens",
    "usage",
    "vouchers",
    "webhooks",
    "workspaces",
]
