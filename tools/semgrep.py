"""Runs semgrep with the rules in `security/semgrep`: `python -m tools.semgrep`.

It is installed by hash into an environment of its own, since it pins its dependencies more tightly than we do.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".venv-semgrep"
LOCK = ROOT / "requirements" / "semgrep.txt"
STAMP = HOME / ".installed"
CODE = ("api", "ccmanage", "workers", "scheduler", "frontend/src")
ENVIRONMENT = os.environ | {
    "UV_PYTHON_DOWNLOADS": "never",
    "SEMGREP_SEND_METRICS": "off",
    "SEMGREP_ENABLE_VERSION_CHECK": "0",
    "SEMGREP_SETTINGS_FILE": str(HOME / "settings.yml"),
    "SEMGREP_LOG_FILE": str(HOME / "semgrep.log"),
}


def install() -> None:
    """Bring the environment to the state that the lock describes."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)], check=True)
    target = ["--quiet", "--python", str(HOME / "bin" / "python"), "--require-hashes", "--only-binary=:all:"]
    subprocess.run([*uv, "pip", "sync", *target, str(LOCK)], check=True, env=ENVIRONMENT)
    STAMP.write_text(wanted)


def main(paths: list[str]) -> int:
    """Look through our code, or the paths given; returns 0 if nothing was found."""
    install()
    scan = [str(HOME / "bin" / "semgrep"), "scan", "--config", "security/semgrep", "--error", "--quiet", "--jobs", "1"]
    path = f"{HOME / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    scan += ["--metrics=off", "--disable-version-check", *(paths or CODE)]
    return subprocess.run(scan, cwd=ROOT, env=ENVIRONMENT | {"PATH": path}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
