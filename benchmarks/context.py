"""What the parts share: options, the private servers, the figures so far."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figure, at_most
from benchmarks.installation import Installation, Servers, install, running_servers


@dataclass(frozen=True, slots=True)
class Options:
    """How large and how long."""

    seconds: float = 30.0
    workspaces: int = 5_000
    processes: int = 2
    workers: int = 1
    growth_events: int = 10_000_000
    keep: Path | None = None

    @property
    def short(self) -> float:
        """The length of what need not be sustained."""
        return max(self.seconds / 3, 0.5)


@dataclass(slots=True)
class Context:
    """One run of the suite."""

    folder: Path
    options: Options
    figures: list[Figure] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _servers: Servers | None = None

    @property
    def servers(self) -> Servers:
        """The private MariaDB and Redis, started when they are first asked for."""
        if self._servers is None:
            self.say("starting MariaDB and Redis")
            self._servers = self._stack.enter_context(running_servers(self.folder))
        return self._servers

    def install(self, name: str) -> Installation:
        """Make a fresh installation on the servers, closed with the run."""
        self.say(f"{name}: {self.options.workspaces:,} workspaces")
        installation = install(self.servers, f"bench_{name}", self.options.workspaces)
        self._stack.callback(installation.close)
        return installation

    def add(self, *figures: Figure) -> None:
        """Take in results."""
        self.figures += figures
        for figure in figures:
            ratio = "" if figure.ratio is None else f" = {figure.ratio:.2f} of {figure.of}"
            self.say(f"  {figure.name}: {figure.value:,.2f} {figure.unit}{ratio}")

    def audit(self, installation: Installation, after: str) -> None:
        """Prove the books of an installation after a part, and put the result beside its figures."""
        self.add(at_most(f"books after {after}", installation.audit().findings, "findings", 0))

    def say(self, text: str) -> None:
        """Tell what is being done."""
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    def described(self) -> dict[str, object]:
        """Return what was noted beside the figures: servers' versions, who kept the cores busy."""
        servers = {"mariadb": self._servers.mariadb.version()} if self._servers else {}
        return {**servers, "seconds": self.options.seconds, "processes": self.options.processes, "notes": self.notes}

    def close(self) -> None:
        """Stop the servers."""
        self._stack.close()
