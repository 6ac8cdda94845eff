"""How API processes are run: one in this process, or several that share a port."""

import asyncio
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from api.main import build
from ccmanage.adapters.dramatiq_queue import open_queue
from ccmanage.bootstrap import Runtime
from ccmanage.core import metrics
from ccmanage.core.config import Settings, load_settings
from ccmanage.core.logging import configure_logging
from ccmanage.core.process import tame_memory

# Idle connections count too: this is a bound on memory, not on work. The ingress bounds that by itself.
_MAX_CONNECTIONS = 10_000
_BACKLOG = 4_096
_FINISH_SECONDS = 30
# A start alone takes longer than uvicorn's five seconds on a busy machine, and whom it kills for that starts anew.
_ANSWER_SECONDS = 30
_IDLE_SECONDS = 75
# Who has just connected sends its request within this time, and is still served by a server that ends.
_FRESH_SECONDS = 0.2


class CannotListen(Exception):
    """The address is taken or not ours; the text says so."""


def listen(host: str, port: int, processes: int = 1) -> socket.socket:
    """Bind the address that will be served; raises CannotListen. Port 0 takes a free one."""
    try:
        listener = _bound(host, port)
        if processes == 1:
            return listener
        # Bound as its only owner first: a port that somebody else serves must not be shared by accident.
        host, port = listener.getsockname()[:2]
        listener.close()
        return _SharedPort.open(host, port)
    except OSError as error:
        raise CannotListen(f"PORT: cannot listen on {host}:{port}: {error.strerror}") from None


class _SharedPort(socket.socket):
    """An address of which each child opens a listening socket of its own.

    With one socket for all, the child that wakes first takes nearly every connection, and a gateway keeps them for
    hours; with one each, the kernel spreads them. The parent's own never listens, so nothing is handed to it.
    """

    @classmethod
    def open(cls, host: str, port: int) -> "_SharedPort":
        """Bind to an address that others bind to as well."""
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = cls(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        return listener

    def __reduce__(self) -> tuple[Callable[[str, int], "_SharedPort"], tuple[str, int]]:
        """Arrive in a child as a new socket."""
        return self.open, self.getsockname()[:2]


def _bound(host: str, port: int) -> socket.socket:
    family, _type, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


def make_app() -> Any:
    """Build the application of one process from the environment."""
    settings = load_settings()
    configure_logging("api", settings.log_level, settings.log_format)
    app = build(Runtime(settings, open_queue(settings.nudge_url)))
    tame_memory()
    return app


def run(settings: Settings, listener: socket.socket, processes: int) -> bool:
    """Serve until SIGTERM or SIGINT; tells whether it came up at all. Children that die are started again."""
    configure_logging("api", settings.log_level, settings.log_format)
    _allow_many_connections()
    if processes == 1:
        return serve_here(settings, make_app(), listener)
    metrics.share_between_processes()
    supervisor = _Supervisor(_config(settings, "api.serve:make_app", processes=processes), [listener])
    supervisor.run()
    return all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)


def serve_here(
    settings: Settings, app: Any, listener: socket.socket, on_ready: Callable[[], None] = lambda: None
) -> bool:
    """Serve an application in this process until SIGTERM or SIGINT; tells whether it came up at all."""
    server = _Server(_config(settings, app), on_ready)
    # uvicorn ends in order, then raises the signal anew: that shall end the process with 0 as well.
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda _number, _frame: sys.exit(0))
    try:
        server.run([listener])
    except SystemExit as ended:
        return ended.code == 0
    return server.started


def _allow_many_connections() -> None:
    """Take as many open files as the system lets us have; the usual soft limit is for interactive programs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_CONNECTIONS * 2 if hard == resource.RLIM_INFINITY else min(hard, _MAX_CONNECTIONS * 2)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _config(settings: Settings, app: Any, *, processes: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=processes > 1,
        workers=processes,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        limit_concurrency=_MAX_CONNECTIONS,
        backlog=_BACKLOG,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_FINISH_SECONDS,
        timeout_worker_healthcheck=_ANSWER_SECONDS,
    )


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening at once, but answer those who are about to ask: uvicorn would cut them off."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await asyncio.sleep(_FRESH_SECONDS)
        await super().shutdown(sockets)


class _Supervisor(Multiprocess):
    """Forgets the live numbers of children that died."""

    def keep_subprocess_alive(self) -> None:
        """Replace children that died."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            if pid is not None:
                metrics.forget_process(pid)
