"""The server that the browser tests walk: what `make run` runs, in a temporary folder on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.server_process import free_port, reaper

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
READY_SECONDS = 90.0
STOP_SECONDS = 40.0
# The last line of a start on an empty database.
FILLED = b"demo workspace is filled"


@dataclass(frozen=True)
class DemoServer:
    """Where it is and who may sign in."""

    url: str
    email: str = "admin@example.com"
    password: str = "correct horse battery staple"  # noqa: S105 - of a server that lives for one run


@contextmanager
def demo_server() -> Iterator[DemoServer]:
    """Run it with the demo workspace filled, and end it with the block."""
    port = free_port()
    server = DemoServer(f"http://127.0.0.1:{port}")
    with tempfile.TemporaryDirectory(prefix="ccm-browser-") as folder:
        settings = {
            "CCMANAGE_ADMIN_EMAIL": server.email,
            "CCMANAGE_ADMIN_PASSWORD": server.password,
            "CCMANAGE_DATA_DIR": str(Path(folder) / "var"),
            "CCMANAGE_PUBLIC_URL": server.url,
            "DEMO": "1",
            # Several people sign up from the one address of this machine.
            "CCMANAGE_RATE_LIMIT_STRANGERS": "600",
        }
        log = Path(folder) / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(BIN / "ccmanage"), "up", "--host", "127.0.0.1", "--port", str(port)],
                cwd=folder,
                env=os.environ | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        reaper.watch(process.pid)
        try:
            wait_filled(process, log)
            yield server
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            reaper.finish()


def wait_filled(process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server says that the demo is there; end the run with its log when it does not."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if FILLED in log.read_bytes():
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    print(log.read_text(errors="replace")[-5000:])
    raise SystemExit("the server for the browser tests did not come up; its log is above")
