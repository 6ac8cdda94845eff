"""Installs the locked Python packages into `.venv`: `python3 tools/install.py runtime|dev`.

Runs on any Python from 3.11 on with nothing but the standard library. Every archive is checked against the lock's
hashes. What was installed is remembered, so that a second call returns at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed.json"
REQUIREMENTS = ROOT / "requirements"
INSTALLER = REQUIREMENTS / "installer.txt"
BUILD = REQUIREMENTS / "build.txt"
LOCKS = {
    "runtime": [BUILD, REQUIREMENTS / "runtime.txt"],
    "dev": [BUILD, REQUIREMENTS / "runtime.txt", REQUIREMENTS / "dev.txt"],
}
ENVIRONMENT = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def main() -> None:
    """Bring `.venv` to the state that the locks describe."""
    wanted = sys.argv[1] if len(sys.argv) == 2 else ""
    if wanted not in LOCKS:
        sys.exit("usage: python3 tools/install.py runtime|dev")
    if sys.version_info < (3, 11):  # noqa: UP036 - started by whatever python3 is on the machine
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.11 ...")
    installed = read_stamp()
    if wanted == "runtime" and "dev" in installed:
        wanted = "dev"  # syncing the smaller set would take the developers' tools away
    if installed.get(wanted) == fingerprint(wanted):
        return
    make_venv()
    print(f"Installing Python packages ({wanted}) into .venv", flush=True)
    if not install_with_uv(wanted):
        print("uv is not usable here, installing with pip", flush=True)
        install_with_pip(wanted)
    STAMP.write_text(json.dumps({wanted: fingerprint(wanted)}))


def read_stamp() -> dict[str, str]:
    """Return what the last complete call installed; nothing if the interpreter behind `.venv` is gone."""
    try:
        content: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return content if PYTHON.exists() else {}


def fingerprint(wanted: str) -> str:
    """Return a digest of everything that decides what is installed."""
    digest = hashlib.sha256(str(ROOT).encode())
    for source in [INSTALLER, *LOCKS[wanted], ROOT / "pyproject.toml"]:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """Create `.venv` unless it works already; say which Debian package is missing if it cannot be made."""
    if PYTHON.exists() and run([PYTHON, "-m", "pip", "--version"], quiet=True):
        return
    if not run([sys.executable, "-m", "venv", "--clear", VENV], quiet=True):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"This Python cannot make virtual environments. On Debian and Ubuntu one line mends it:\n"
            f"    apt-get install -y python{version}-venv"
        )


def install_with_uv(wanted: str) -> bool:
    """Install with uv, itself installed by hash; False where there is no uv for this platform."""
    if not run([PYTHON, "-m", "pip", "install", "-q", "--only-binary=:all:", "--require-hashes", "-r", INSTALLER]):
        return False
    uv: list[str | Path] = [PYTHON, "-m", "uv", "pip"]
    target: list[str | Path] = ["--python", PYTHON, "--quiet"]
    sync = [*uv, "sync", *target, "--require-hashes", "--only-binary=:all:", INSTALLER, *LOCKS[wanted]]
    project = [*uv, "install", *target, "--no-deps", "--no-build-isolation", "--editable", ROOT]
    return run(sync) and run(project)


def install_with_pip(wanted: str) -> None:
    """Install the same set with plain pip (slower, and it leaves what an older lock had installed)."""
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet"]
    locks: list[str | Path] = [part for lock in LOCKS[wanted] for part in ("-r", lock)]
    project = [*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT]
    if not (run([*pip, "--require-hashes", *locks]) and run(project)):
        sys.exit("The packages could not be installed; the lines above say why.")


def run(command: Sequence[str | Path], *, quiet: bool = False) -> bool:
    """Run a command in the project's folder and tell whether it succeeded."""
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, check=False, env=ENVIRONMENT, stdout=output, stderr=output
    )
    return done.returncode == 0


if __name__ == "__main__":
    main()
