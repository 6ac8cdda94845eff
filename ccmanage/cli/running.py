"""Commands that run the deliveries: `api`, `worker`, `scheduler`, `up`."""

from typing import Annotated

import typer

from ccmanage.cli.output import FINDING, fail
from ccmanage.core.config import load_settings

Host = Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="PORT", min=0, max=65535, help="Port to listen on.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(api)
    app.command()(worker)
    app.command()(scheduler)


def up(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Fill an empty database with a demo (or DEMO=0).")
    ] = True,
) -> None:
    """Run everything in this one process; without CCMANAGE_DATABASE_URL on SQLite in CCMANAGE_DATA_DIR."""
    from ccmanage.cli.embedded import run

    run(host, port, demo=demo)


def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="How many share the port; CCMANAGE_PROCESSES if absent.")
    ] = None,
) -> None:
    """Serve the HTTP API and the portal."""
    settings = load_settings()
    from api.serve import CannotListen, listen, run

    try:
        listener = listen(host, port, processes or settings.processes)
    except CannotListen as error:
        fail(str(error))
    if not run(settings, listener, processes or settings.processes):
        raise typer.Exit(FINDING)


def worker() -> None:
    """Settle usage and handle messages. Run as many as you like, each under a supervisor."""
    settings = load_settings()
    from workers.main import run

    run(settings)


def scheduler() -> None:
    """Send the timetable's messages. Several may run: one speaks."""
    settings = load_settings()
    from scheduler.main import run

    run(settings)
