"""`/v1/admin/email-templates`: see, try, change and take back the texts of mails."""

from api.deps import Admin, ScopeDep
from api.email.schemas import (
    EmailOut,
    EmailTextOut,
    TemplateOut,
    TemplateRefOut,
    TemplateRenderIn,
    TemplateResetIn,
    TemplateSaveIn,
    TemplatesOut,
)
from api.openapi import problems
from api.routing import router
from ccmanage.bootstrap import Scope
from ccmanage.email.editing import TemplateView
from ccmanage.email.service import Recipient

email_templates = router("/v1/admin/email-templates", "admin email templates")


@email_templates.get("")
def list_(caller: Admin, scope: ScopeDep) -> TemplatesOut:
    """List every template in every language; there are few, so all come at once."""
    return TemplatesOut(items=[TemplateRefOut.of(view) for view in scope.email_templates.all()])


@email_templates.get("/{template}/{language}", responses=problems(404))
def get(caller: Admin, scope: ScopeDep, template: str, language: str) -> TemplateOut:
    """Return a template with its versions, newest first."""
    return _out(scope, scope.email_templates.get(template, language))


@email_templates.put("/{template}/{language}", responses=problems(404, 409))
def save(caller: Admin, scope: ScopeDep, template: str, language: str, body: TemplateSaveIn) -> TemplateOut:
    """Send this text from now on."""
    return _out(scope, scope.email_templates.save(template, language, body.version, body.source))


@email_templates.post("/{template}/{language}/render", responses=problems(404))
def render(caller: Admin, scope: ScopeDep, template: str, language: str, body: TemplateRenderIn) -> EmailTextOut:
    """Show a text with sample values. Nothing is kept."""
    return EmailTextOut.of(scope.email_templates.preview(template, language, body.source))


@email_templates.post("/{template}/{language}/take-back", responses=problems(404, 409))
def reset(caller: Admin, scope: ScopeDep, template: str, language: str, body: TemplateResetIn) -> TemplateOut:
    """Send the shipped text again."""
    return _out(scope, scope.email_templates.reset(template, language, body.version))


@email_templates.post("/{template}/{language}/send-test", responses=problems(404))
def test(caller: Admin, scope: ScopeDep, template: str, language: str) -> EmailOut:
    """Send the text that holds now to the administrator who asks, with sample values."""
    me = scope.accounts.by_number(caller.user_id)
    to = Recipient(me.email, name=me.name, user_id=me.id, language=language, zone=me.time_zone)
    return EmailOut.of(scope.email.get(scope.email_templates.send_test(template, language, to)))


def _out(scope: Scope, view: TemplateView) -> TemplateOut:
    return TemplateOut.of(view, scope.accounts.named(row.created_by for row in view.history))
