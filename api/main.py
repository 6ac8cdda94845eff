"""The HTTP application: parts, routes, edge. Built once a process; nothing is made at import."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api import docs, errors, health, openapi
from api.accounts.admin import users
from api.accounts.browsers import Browsers
from api.accounts.factor_desk import FactorDesk
from api.accounts.factors import factor, user_factors
from api.accounts.identities import identities
from api.accounts.provider import provider
from api.accounts.router import auth, me
from api.accounts.sessions import sessions
from api.accounts.signin import PasswordDesk
from api.accounts.signup import SignupDesk
from api.accounts.signup_router import address, signup
from api.accounts.tokens import tokens
from api.accounts.viewing import view_as, view_users
from api.admission.app import VERIFY_PATH, VerifyApp
from api.admission.router import admission, verify_api
from api.audit.router import audit_log
from api.auth import Authenticator
from api.credit_requests.admin import credit_requests as admin_credit_requests
from api.credit_requests.router import credit_requests
from api.credits.admin import grants, ledger
from api.credits.router import credits
from api.email.admin import emails, mail_system
from api.email.router import mail
from api.email.templates import email_templates
from api.gateways.router import gateways
from api.ingress.app import Ingress
from api.ingress.router import gateways_api
from api.keys.admin import admin_keys
from api.keys.router import keys
from api.limits import Limits
from api.middleware import Edge
from api.notifications.admin import webhooks as admin_webhooks
from api.notifications.router import alerts, notifications
from api.notifications.webhooks import webhooks
from api.packages.admin import packages as admin_packages
from api.packages.moves import moves
from api.packages.router import packages
from api.places import Places
from api.portal import Portal
from api.pricing.router import prices
from api.privacy.router import privacy, processors
from api.reports.router import books, overview
from api.settings.router import settings as run_time_settings
from api.subscriptions.admin import subscriptions
from api.subscriptions.router import subscription
from api.usage.admin import quarantine
from api.usage.router import usage
from api.vouchers.admin import vouchers as admin_vouchers
from api.vouchers.router import vouchers
from api.workspaces.admin import workspaces
from api.workspaces.invitations import invitations, workspace_invitations
from api.workspaces.own import own_workspaces
from api.workspaces.router import workspace
from ccmanage import __version__
from ccmanage.bootstrap import Runtime

ROUTERS = (
    auth,
    view_as,
    signup,
    me,
    address,
    factor,
    provider,
    sessions,
    identities,
    own_workspaces,
    privacy,
    processors,
    invitations,
    tokens,
    workspace,
    workspace_invitations,
    keys,
    usage,
    credits,
    packages,
    subscription,
    alerts,
    notifications,
    webhooks,
    admin_webhooks,
    users,
    view_users,
    user_factors,
    workspaces,
    admin_keys,
    grants,
    ledger,
    admin_packages,
    moves,
    subscriptions,
    vouchers,
    admin_vouchers,
    credit_requests,
    admin_credit_requests,
    gateways,
    prices,
    quarantine,
    audit_log,
    run_time_settings,
    emails,
    email_templates,
    mail_system,
    mail,
    overview,
    books,
    gateways_api,
    verify_api,
    admission,
    health.router,
)

# SQLite has no connections to count; readers do not wait for each other.
_SQLITE_PLACES = 16
INGRESS_PATH = "/v1/events"


class Application(FastAPI):
    """FastAPI behind layers of our own.

    They stand before the framework's middleware, not in it: posts of usage and `verify` never enter the framework,
    whose own layers cost as much as all that a post of one event has to do.
    """

    front: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what the server hands over, from the outermost layer on."""
        await (self.front or self.routed)(scope, receive, send)

    async def routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is left for the framework's routes."""
        await super().__call__(scope, receive, send)


def build(runtime: Runtime) -> Application:
    """Build the application on a runtime, which it closes when the server stops."""
    settings = runtime.settings
    app = Application(
        title="ccmanage",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    places = Places(_SQLITE_PLACES if settings.is_sqlite else settings.database_pool)
    app.state.runtime = runtime
    app.state.places = places
    app.state.authenticator = Authenticator(runtime, places)
    app.state.password_desk = PasswordDesk(runtime, places)
    app.state.signup_desk = SignupDesk(runtime, places, app.state.password_desk)
    app.state.browsers = Browsers(settings.secret_keys, secure=settings.public_url.startswith("https://"))
    app.state.factor_desk = FactorDesk(runtime, places, app.state.password_desk)
    app.state.ingress = Ingress(runtime)
    app.state.verify = VerifyApp(runtime)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    docs.install(app)
    openapi.install(app)
    app.router.default = Portal()
    fork = _Fork(app.routed, {INGRESS_PATH: app.state.ingress, VERIFY_PATH: app.state.verify})
    app.front = Edge(Limits(fork, runtime), settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.ingress.start()
    app.state.verify.start()
    try:
        yield
    finally:
        await app.state.verify.stop()
        app.state.ingress.stop()
        await app.state.password_desk.close()


class _Fork:
    """Hands what gateways ask all the time past everything that it does not need."""

    def __init__(self, app: ASGIApp, forks: Mapping[str, Callable[[Any, Any, Any], Awaitable[None]]]) -> None:
        self._app = app
        self._forks = forks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fork = self._forks.get(scope["path"]) if scope["type"] == "http" else None
        if fork is not None and scope["method"] == "POST":
            await fork(scope, receive, send)
        else:
            await self._app(scope, receive, send)
