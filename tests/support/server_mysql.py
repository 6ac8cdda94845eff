"""Finding MySQL or MariaDB on this machine and making an empty data folder with either."""

from __future__ import annotations

import os
import shutil
import subprocess
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.server_process import ServerFailed, find_binary


@dataclass(frozen=True)
class Installer:
    """The program that makes an empty data folder, and whose it is."""

    program: Path
    mariadb: bool

    def command(self, data_dir: Path) -> list[str]:
        """Return the command that fills the folder; root has no password and comes by the socket."""
        user = ["--user=root"] if os.geteuid() == 0 else []
        if self.mariadb:
            options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
            return [str(self.program), "--no-defaults", f"--datadir={data_dir}", *options, *user]
        return [str(self.program), "--no-defaults", "--initialize-insecure", f"--datadir={data_dir}", *user]


@cache
def find_mariadb() -> Path | None:
    """Return the program of a MariaDB or MySQL server, if one is installed."""
    return find_binary("mariadbd", "mysqld")


@cache
def find_mysql_installer() -> Installer | None:
    """Return how to make a data folder for the server that `find_mariadb` returns."""
    server = find_mariadb()
    if server is None:
        return None
    told = subprocess.run([str(server), "--version"], capture_output=True, text=True, check=False, timeout=30)
    if "mariadb" not in told.stdout.lower():
        return Installer(server, mariadb=False)
    installer = find_binary("mariadb-install-db", "mysql_install_db")
    return Installer(installer, mariadb=True) if installer else None


def initialise(installer: Installer, data_dir: Path) -> None:
    """Make the data folder unless it is there. A half-made one of an interrupted run is never used."""
    if data_dir.exists():
        return
    half_made = data_dir.with_name(data_dir.name + ".new")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(parents=True)
    # Two installers at once would meet in the common folder for temporary tables.
    scratch = half_made.with_suffix(".tmp")
    scratch.mkdir(exist_ok=True)
    done = subprocess.run(
        installer.command(half_made),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=half_made.parent,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    shutil.rmtree(scratch, ignore_errors=True)
    if done.returncode != 0:
        raise ServerFailed(f"making a MySQL data folder failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    half_made.rename(data_dir)


def options_of(config: Path) -> tuple[str, ...]:
    """Return the [mysqld] section of an option file as flags, so that private servers run with the shipped one."""
    parser = ConfigParser(allow_no_value=True, interpolation=None)
    parser.read_string(config.read_text(encoding="utf-8"))
    return tuple(
        f"--{name.replace('_', '-')}" + ("" if value is None else f"={value}")
        for name, value in parser["mysqld"].items()
    )
