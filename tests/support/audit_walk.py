"""Deeds of administrators, each looked after in the audit log: mails, webhooks, settings, requests, corrections."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient

from ccmanage.core.outbound import OutboundPolicy
from ccmanage.email.models import EmailState
from support.factors import enrol
from support.world import Person, World


@dataclass
class Walk:
    """Carries deeds out as an administrator and looks after each whether the log has grown."""

    world: World
    client: TestClient
    boss: Person
    done: set[tuple[str, str]] = field(default_factory=set)

    def deed(self, method: str, template: str, body: dict[str, Any] | None = None, /, **ids: str) -> Any:
        """Carry out one deed; returns the answer's body."""
        path = f"/v1/admin{template}".format(**ids)
        before = self.world.count("audit_log")
        answer = self.client.request(method, path, json=body)
        assert answer.status_code < 300, (method, path, answer.text)
        rows = self.world.rows("audit_log", "1=1 ORDER BY id")[before:]
        assert rows, f"{method} /v1/admin{template} wrote no row into the audit log"
        assert {row["actor_user_id"] for row in rows} == {self.boss.account.id}, (method, template)
        assert all(row["request_id"] for row in rows), (method, template)
        self.done.add((method, f"/v1/admin{template}"))
        return answer.json() if answer.content else None


def settings(walk: Walk) -> None:
    """Change a setting, and a workspace."""
    change = {"name": "registration.mode", "value": "open", "revision": 0}
    walk.deed("PATCH", "/settings", {"changes": [change]})
    team = walk.client.post("/v1/admin/workspaces", json={"name": "Crew", "owner_id": walk.boss.id}).json()
    renamed = {"name": "Crew of five", "revision": team["revision"]}
    walk.deed("PATCH", "/workspaces/{workspace_id}", renamed, workspace_id=team["id"])


def requests(walk: Walk) -> None:
    """Answer requests for credits, and take a grant back."""
    asker = walk.world.client(walk.world.person("Asker"))

    def ask() -> str:
        answer = asker.post("/v1/credit-requests", json={"credits": "5", "reason": "a report"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    walk.deed("POST", "/credit-requests/{request_id}/approve", {"credits": "4"}, request_id=ask())
    walk.deed("POST", "/credit-requests/{request_id}/deny", {"note": "not now"}, request_id=ask())
    mine = walk.boss.workspace_id
    walk.world.grant(walk.boss.workspace, "3")
    reverse = "/workspaces/{workspace_id}/ledger/{seq}/reverse"
    walk.deed("POST", reverse, {"reason": "x"}, workspace_id=mine, seq="1")


def factors(walk: Walk) -> None:
    """Take a factor away, and look as somebody."""
    lost = walk.world.person("Lost")
    enrol(walk.world, walk.world.client(lost))
    walk.deed("POST", "/users/{user_id}/factor/reset", {"reason": "x"}, user_id=lost.id)
    walk.deed("POST", "/users/{user_id}/view-as", {"reason": "x"}, user_id=lost.id)


def mails(walk: Walk) -> None:
    """Edit a template and take it back, send a test, send a mail again."""
    named = {"template": "accounts.verify", "language": "en"}
    one = "/email-templates/{template}/{language}"
    found = walk.client.get("/v1/admin" + one.format(**named)).json()
    source = {"version": found["template"]["version"], "source": found["source"] + "\nWell met."}
    saved = walk.deed("PUT", one, source, **named)
    walk.deed("POST", one + "/send-test", {}, **named)
    walk.deed("POST", one + "/take-back", {"version": saved["template"]["version"]}, **named)
    with walk.world.scope() as scope:
        statement = f"UPDATE emails SET state = {int(EmailState.SENT)}"
        scope.session.connection().exec_driver_sql(statement)
    number = walk.client.get("/v1/admin/emails").json()["items"][0]["id"]
    walk.deed("POST", "/emails/{email_id}/send-again", {}, email_id=number)


def webhooks(walk: Walk) -> None:
    """Make a webhook, change it, try it out, send again, take it away."""
    walk.world.runtime.outbound_policy = OutboundPolicy(["127.0.0.1"])
    made = walk.deed("POST", "/webhooks", {"name": "robot", "url": "http://127.0.0.1:9/hook"})
    number = {"webhook_id": made.get("webhook", made)["id"]}
    walk.deed("PATCH", "/webhooks/{webhook_id}", {"name": "android"}, **number)
    walk.deed("POST", "/webhooks/{webhook_id}/rotate", {"overlap_seconds": 60}, **number)
    sent = walk.deed("POST", "/webhooks/{webhook_id}/test", {}, **number)["id"]
    redeliver = "/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver"
    with walk.world.scope() as scope:
        scope.session.connection().exec_driver_sql("UPDATE webhook_deliveries SET state = 2")
    walk.deed("POST", redeliver, {}, delivery_id=sent, **number)
    walk.deed("POST", "/webhooks/{webhook_id}/remove", {}, **number)
