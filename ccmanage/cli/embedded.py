"""`ccmanage up`: everything in one process."""

import os
import threading
from collections.abc import Callable

from api.main import build
from api.serve import CannotListen, listen, serve_here
from ccmanage.adapters.brokers import open_broker
from ccmanage.adapters.dramatiq_queue import DramatiqQueue
from ccmanage.bootstrap import Runtime
from ccmanage.cli.installation import quiet_logging
from ccmanage.cli.output import err, fail, out, progress, say
from ccmanage.cli.people import FirstAdmin
from ccmanage.cli.setup import prepare
from ccmanage.core.config import Settings, load_settings
from ccmanage.core.logging import get_logger
from ccmanage.core.process import tame_memory
from ccmanage.demo import fill
from ccmanage.replay.client import GatewayClient
from scheduler.main import Metronome
from workers.main import WorkerProcess

log = get_logger(__name__)

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 # nosec B104 - compared, not bound
_NO = {"0", "false", "no", "off"}


def run(host: str, port: int, *, demo: bool) -> None:
    """Prepare the database, start all threads, serve until Ctrl-C."""
    # The database and the secrets beside it are nobody else's business.
    os.umask(0o077)
    try:
        listener = listen(host, port)
    except CannotListen as error:
        fail(str(error))
    address = _address(host, listener.getsockname()[1])
    settings = _settings(address)
    quiet_logging(settings)
    broker = open_broker(settings.nudge_url)
    runtime = Runtime(settings, DramatiqQueue(broker))
    admin = prepare(runtime, make_up_admin=True).admin
    worker, metronome = WorkerProcess(runtime, broker), Metronome(runtime)
    worker.start()
    metronome.start()
    try:
        app = build(runtime)
        tame_memory()
        served = serve_here(settings, app, listener, _when_ready(runtime, address, admin, demo=demo))
    finally:
        err.print("Stopping.")
        metronome.stop()
        worker.stop()
        runtime.close()
    if not served:
        fail("the server did not start", 1)


def _address(host: str, port: int) -> str:
    reachable = _ANY.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _settings(address: str) -> Settings:
    settings = load_settings(embedded=True)
    if "public_url" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"public_url": address})


def _when_ready(runtime: Runtime, address: str, admin: FirstAdmin | None, *, demo: bool) -> Callable[[], None]:
    """Return what happens when the server answers: say so, then fill an empty database."""
    wanted = demo and not {os.environ.get(name, "").lower() for name in ("DEMO", "CCMANAGE_DEMO")} & _NO

    def ready() -> None:
        _welcome(runtime.settings, address, admin)
        if wanted:
            threading.Thread(target=_fill, args=(runtime, address), name="demo", daemon=True).start()

    return ready


def _welcome(settings: Settings, address: str, admin: FirstAdmin | None) -> None:
    out.print(f"\n  ccmanage is ready: [bold]{address}[/bold]")
    if admin is None:
        say("  Sign in as before; `ccmanage users create --admin` makes another administrator.")
    elif admin.made_password is None:
        say(f"  Sign in as {admin.email} with the password that you set.")
    else:
        out.print(f"  Sign in as [bold]{admin.email}[/bold] with the password [bold]{admin.made_password}[/bold]")
        say("  It is shown this once only.")
    kept = f"SQLite in {settings.data_dir}/" if settings.embedded else "the database of CCMANAGE_DATABASE_URL"
    say(f"  Data: {kept}. Ctrl-C stops everything.\n")


def _fill(runtime: Runtime, address: str) -> None:
    try:
        begun = fill.begin(runtime)
        if begun is None:
            return
        demo, token = begun
        days = fill.story(demo)
        with (
            GatewayClient(address, token) as client,
            progress("Filling the demo", sum(map(len, days))) as advance,
        ):
            fill.play(client, days, advance)
        fill.finish(runtime, demo)
        say("  The demo workspace is filled (lengths of calls: Azure LLM inference trace 2023, CC-BY 4.0).")
    except Exception:
        log.exception("demo_failed")
