"""Looks for secrets in the files that git knows: `python -m tools.secrets`.

detect-secrets finds them; `security/secrets.toml` names what a person has looked at. What is told by a keyword alone
(`password = …`) is left out: in tests and in texts of the portal it is always a false alarm.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REVIEWED = ROOT / "security" / "secrets.toml"
# Generated, with a hash in every line, or not text.
_SKIPPED = re.compile(r"(^requirements/.*\.txt|package-lock\.json|openapi\.json|schema\.d\.ts|\.(png|gz|ico|woff2?))$")


def main() -> int:
    """Print what was found and not reviewed, and what was reviewed and is gone."""
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    files = [name for name in known if name and not _SKIPPED.search(name) and (ROOT / name).exists()]
    scan = [str(Path(sys.executable).parent / "detect-secrets"), "scan", "--disable-plugin", "KeywordDetector"]
    done = subprocess.run([*scan, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)["results"]
    found = {(name, secret["type"]): secret["line_number"] for name, secrets in results.items() for secret in secrets}
    reviewed = {
        (name, kind)
        for name, kinds in tomllib.loads(REVIEWED.read_text()).items()
        for kind, entry in kinds.items()
        if entry["because"]
    }
    new = {key: line for key, line in found.items() if key not in reviewed}
    for (name, kind), line in sorted(new.items()):
        print(f"{name}:{line}: {kind}. Take it out; if it is no secret, say why in security/secrets.toml.")
    gone = sorted(reviewed - found.keys())
    for name, kind in gone:
        print(f"security/secrets.toml: {name} has no {kind} any more; take the entry out.")
    return 1 if new or gone else 0


if __name__ == "__main__":
    sys.exit(main())
