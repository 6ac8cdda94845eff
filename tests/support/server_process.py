"""One server process of our own: started, killed, paused and restarted by its recorded pid, never by name."""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.02
# Below the kernel's range for outgoing connections, so that a restart finds its port free again.
PORTS = range(20_000, 32_000)
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/bin")


class ServerMissing(Exception):
    """A server that a test needs is not on this machine; says what is missing and the line that installs it."""


class ServerFailed(Exception):
    """A server of ours did not come up or died; says where its log is and how it ends."""


def find_binary(*names: str) -> Path | None:
    """Return the first of the named programs on the search path or in the folders where servers live."""
    search = os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS])
    for name in names:
        if found := shutil.which(name, path=search):
            return Path(found)
    return None


_given_ports: set[int] = set()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on and that this process has not given out before."""
    for port in random.SystemRandom().sample(PORTS, 500):
        if port in _given_ports:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given_ports.add(port)
        return port
    raise ServerFailed("no free port found on 127.0.0.1")


class Reaper:
    """A helper process that outlives this one and ends what this one started, even after SIGKILL."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def watch(self, pid: int) -> None:
        """End this process group when we are gone."""
        self._tell(f"+ {pid}")

    def forget(self, pid: int) -> None:
        """The process has ended: its pid may be given to another."""
        self._tell(f"- {pid}")

    def temp_dir(self, prefix: str) -> Path:
        """Make a temporary folder that is removed when we are gone."""
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        self._tell(f"dir {folder}")
        return folder

    def finish(self) -> None:
        """Clean up now and wait for it."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.communicate(".\n", timeout=STOP_TIMEOUT_SECONDS)

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._process is None:
                script = Path(__file__).with_name("server_reaper.py")
                self._process = subprocess.Popen(
                    [sys.executable, "-I", str(script)],
                    stdin=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
                atexit.register(self.finish)
            assert self._process.stdin is not None
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


reaper = Reaper()


class ServerProcess(ABC):
    """A private server in a folder of its own. The port stays the same over restarts."""

    name: ClassVar[str]
    controllable: ClassVar[bool] = True

    def __init__(self, directory: Path, port: int | None = None, flags: tuple[str, ...] = ()) -> None:
        self.directory = Path(directory)
        self.port = port or free_port()
        self.flags = flags
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""

    @abstractmethod
    def _answers(self) -> bool:
        """Ask the server whether it serves; False or OSError while it does not."""

    def _prepare(self) -> None:
        """Create what the server needs before its first start."""
        self.directory.mkdir(parents=True, exist_ok=True)

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    @property
    def pid(self) -> int:
        """The server's process id, which is its process group too."""
        if self._process is None:
            raise ServerFailed(f"{self.name} is not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there (it may be paused)."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_path(self) -> Path:
        """Where the server's output goes."""
        return self.directory / f"{self.name}.log"

    def start(self, *, wait: bool = True) -> Self:
        """Start the server, on the data of the last run if there is any."""
        if self.running:
            return self
        self._prepare()
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self._environment(),
                start_new_session=True,
            )
        reaper.watch(self.pid)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
        """Return as soon as the server answers; raise with the end of its log when it does not."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            try:
                if self._answers():
                    return
            except OSError:
                pass
            if self._process is None or self._ended_within(POLL_SECONDS):
                raise ServerFailed(f"{self.name} ended while starting:\n{self._log_tail()}")
        raise ServerFailed(f"{self.name} did not answer within {timeout_seconds:.0f} s:\n{self._log_tail()}")

    def stop(self) -> None:
        """Ask the server to end (SIGTERM) and wait; kill it if it does not."""
        if self.running:
            self.resume()
            self._signal(signal.SIGTERM)
            if not self._ended_within(STOP_TIMEOUT_SECONDS):
                self._signal(signal.SIGKILL)
        self._reap()

    def kill(self) -> None:
        """SIGKILL the server and everything that it started."""
        self._signal(signal.SIGKILL)
        self._reap()

    def pause(self) -> None:
        """SIGSTOP: the server keeps its sockets and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: go on after `pause`."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop in order and start again on the same data and port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _signal(self, wanted: signal.Signals) -> None:
        if self.running:
            os.killpg(self.pid, wanted)

    def _ended_within(self, seconds: float) -> bool:
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            reaper.forget(self._process.pid)
            self._process = None

    def _log_tail(self) -> str:
        try:
            return self.log_path.read_text(errors="replace")[-3000:]
        except OSError:
            return "(no log)"


def connect(port: int, timeout_seconds: float = 1.0) -> socket.socket:
    """Open a TCP connection to a server of ours."""
    return socket.create_connection(("127.0.0.1", port), timeout=timeout_seconds)
