"""Renews the locked requirements with hashes: `make lock`.

A release must have been public for a week before it is locked (stolen publisher tokens are usually noticed within
days); the exceptions are versions that a person has looked at and named in pyproject.toml. No index address, no
folder and no host name is written: who installs decides where from.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
RELEASE_AGE = "7 days"
# Younger than a week when pyproject.toml began to require them; drop a line when its package has come of age.
REVIEWED = ("fastapi", "sqlalchemy")


def compile_lock(output: str, *inputs: str) -> None:
    """Resolve for every platform and Python from 3.11 on, and write one lock file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", *inputs, "--output-file", f"requirements/{output}"]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade", "--quiet"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-emit-build-options", "--no-annotate"]
    command += ["--custom-compile-command", "make lock", "--exclude-newer", RELEASE_AGE]
    for package in REVIEWED:
        command += ["--exclude-newer-package", f"{package}=false"]
    print(f"requirements/{output}")
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"})


def main() -> None:
    """Lock the installer, the build back end, the product and its developers' tools, in agreement."""
    compile_lock("installer.txt", "requirements/installer.in")
    compile_lock("build.txt", "requirements/build.in")
    compile_lock("semgrep.txt", "requirements/semgrep.in")
    compile_lock("runtime.txt", "pyproject.toml", "--constraint=requirements/build.txt")
    agreed = [f"--constraint=requirements/{lock}" for lock in ("build.txt", "runtime.txt")]
    compile_lock("dev.txt", "--group", "pyproject.toml:dev", *agreed)


if __name__ == "__main__":
    main()
