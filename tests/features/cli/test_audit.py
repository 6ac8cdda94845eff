"""`audit` proves the books on a live database, prints what breaks, and exits 1 for it."""

from typing import TYPE_CHECKING

from sqlalchemy import text

from ccmanage.email.service import Recipient
from ccmanage.email.transport import Delivery, Verdict
from ccmanage.reports.tasks import AuditBooks
from support.gateway import Gateway
from support.world import World
from workers.registry import perform

if TYPE_CHECKING:
    from conftest import Cli


def test_clean_books_exit_with_nothing_found(cli: "Cli", world: World) -> None:
    gateway = Gateway.of(world)
    gateway.charge(*[gateway.event() for _ in range(3)])
    done = cli("audit", "--full")
    assert done.code == 0, done.out + done.err
    for name in ("I1", "I2", "I3", "I4", "I5", "I6", "I7"):
        assert f"  {name} " in done.out
    report = cli("audit", "--json", "--heads").json
    assert report["clean"] is True
    assert report["full"] is False
    assert len(report["heads"]) == 1
    assert world.count("books_runs") == 2


def test_a_broken_balance_is_printed_with_its_row(cli: "Cli", world: World) -> None:
    gateway = Gateway.of(world)
    gateway.charge(gateway.event())
    workspace = gateway.person.workspace.id
    with world.scope() as scope:
        scope.session.execute(
            text(f"UPDATE balances SET balance_nano = balance_nano + 1 WHERE workspace_id = {workspace}")
        )
    done = cli("audit", "--full")
    assert done.code == 1
    assert f"I3 balance: workspace={workspace}" in done.out or "I3 " in done.out
    report = cli("audit", "--full", "--json")
    assert report.code == 1
    assert report.json["clean"] is False
    assert {finding["invariant"] for finding in report.json["findings"]} == {"I3"}


def test_the_scheduled_audit_keeps_its_result_for_doctor_and_metrics(cli: "Cli", world: World) -> None:
    gateway = Gateway.of(world)
    gateway.charge(gateway.event())
    perform(world.runtime, AuditBooks())
    assert world.rows("books_runs")[0]["is_clean"] == 1
    found = {entry["check"]: entry["state"] for entry in cli("doctor", "--json").json}
    assert found["books"] in {"ok", "warning"}  # the world's clock stands still; the command's does not


def test_metrics_tell_backlog_and_books(world: World) -> None:
    gateway = Gateway.of(world)
    perform(world.runtime, AuditBooks())
    gateway.post(gateway.event())
    world.clock.move(seconds=90)
    shown = metrics_of(world)
    assert shown["ccmanage_usage_backlog_batches"] == 1
    assert shown["ccmanage_usage_backlog_seconds"] == 90
    assert shown["ccmanage_books_state"] == 1
    gateway.settle()
    assert metrics_of(world)["ccmanage_usage_backlog_batches"] == 0


def test_metrics_say_how_mail_goes(world: World) -> None:
    assert metrics_of(world)["ccmanage_mails_waiting"] == 0
    with world.scope() as scope:
        for number in range(3):
            to, values = Recipient(f"ann{number}@example.com"), {"workspace": "Data"}
            scope.email.post("workspaces.removed", to=to, values=values, dedupe_key=f"k{number}")
    world.clock.move(seconds=90)
    shown = metrics_of(world)
    assert (shown["ccmanage_mails_waiting"], shown["ccmanage_mails_waiting_seconds"]) == (3, 90)
    assert shown['ccmanage_mails_last_day{outcome="sent"}'] == 0
    with world.scope() as scope:
        first, second, third = scope.outgoing.claim(3, 60_000)
        scope.outgoing.mark(first, Delivery(Verdict.SENT), failures=0, is_broken=False)
        scope.outgoing.mark(second, Delivery(Verdict.REFUSED, "smtp_554"), failures=0, is_broken=False)
        scope.outgoing.mark(third, Delivery(Verdict.LATER, "smtp_451"), failures=0, is_broken=False)
    shown = metrics_of(world)
    assert shown["ccmanage_mails_waiting"] == 1, "what is put off waits"
    assert shown['ccmanage_mails_last_day{outcome="sent"}'] == 1
    assert shown['ccmanage_mails_last_day{outcome="failed"}'] == 1
    world.clock.move(days=2)
    assert metrics_of(world)['ccmanage_mails_last_day{outcome="sent"}'] == 0


def metrics_of(world: World) -> dict[str, float]:
    """Return the metrics with at most the label `outcome`, as Prometheus reads them."""
    from api.measures import measure
    from ccmanage.core.metrics import exposition

    measure(world.runtime)
    body, _content_type = exposition()
    lines = (
        line.rpartition(" ")
        for line in body.decode().splitlines()
        if not line.startswith("#") and ("{" not in line or "{outcome=" in line)
    )
    return {name: float(value) for name, _space, value in lines}
