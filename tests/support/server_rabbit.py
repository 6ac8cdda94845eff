"""A private RabbitMQ: own node name, own ports, own port mapper, nothing shared with one that runs globally."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.server_process import ServerProcess, connect, find_binary, free_port, reaper

FOLDERS = ("/usr/lib/rabbitmq/bin", "/usr/local/lib/rabbitmq/bin", "/opt/rabbitmq/sbin")


class RabbitServer(ServerProcess):
    """RabbitMQ with durable queues; starts in some seconds, so start it only where a test needs it."""

    name = "rabbitmq"

    def __init__(self, directory: Path, port: int | None = None, flags: tuple[str, ...] = ()) -> None:
        super().__init__(directory, port, flags)
        self._dist_port = free_port()
        self._epmd_port = free_port()
        self._epmd: subprocess.Popen[bytes] | None = None

    @staticmethod
    def find() -> Path | None:
        """Return the start script that runs in the foreground as the present user (not Debian's wrapper)."""
        if find_binary("erl") is None or find_binary("epmd") is None:
            return None
        for folder in FOLDERS:
            if (script := Path(folder) / "rabbitmq-server").exists():
                return script
        return None if os.geteuid() == 0 else find_binary("rabbitmq-server")

    @property
    def url(self) -> str:
        """The URL of the default virtual host."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def stop(self) -> None:
        super().stop()
        self._end_epmd()

    def _prepare(self) -> None:
        super()._prepare()
        (self.directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "log.console = true\nlog.console.level = warning\nlog.file = false\n"
            "disk_free_limit.absolute = 50MB\nvm_memory_high_watermark.absolute = 512MB\n"
        )
        (self.directory / "enabled_plugins").write_text("[].\n")
        (self.directory / "env.conf").touch()
        (self.directory / "advanced.config").write_text("[].\n")
        self._start_epmd()

    def _start_epmd(self) -> None:
        # Erlang would start a daemon that outlives it on the machine's common port; ours stays in our hands.
        if self._epmd is not None and self._epmd.poll() is None:
            return
        program = find_binary("epmd")
        assert program is not None
        self._epmd = subprocess.Popen(
            [str(program), "-port", str(self._epmd_port), "-address", "127.0.0.1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        reaper.watch(self._epmd.pid)

    def _end_epmd(self) -> None:
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            reaper.forget(self._epmd.pid)
            self._epmd = None

    def _command(self) -> list[str]:
        script = self.find()
        assert script is not None
        return [str(script), *self.flags]

    def _environment(self) -> dict[str, str]:
        here = self.directory
        kept = {key: value for key, value in os.environ.items() if not key.startswith("RABBITMQ_")}
        return kept | {
            "HOME": str(here),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "ccmanage@localhost",  # known to our own port mapper alone
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
            "RABBITMQ_CONF_ENV_FILE": str(here / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(here / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(here / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(here / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(here / "mnesia"),
            "RABBITMQ_LOG_BASE": str(here / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(here / "rabbitmq.pid"),
        }

    def _answers(self) -> bool:
        with connect(self.port) as peer:
            peer.sendall(b"AMQP\x00\x00\x09\x01")
            return peer.recv(1) == b"\x01"  # the first frame of the server's Connection.Start
