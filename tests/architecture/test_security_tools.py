"""The tools of `make check` find what they are there to find: each rule is shown something that breaks it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "security" / "semgrep"

PLANTED = {
    "sql-text-is-constant": "text(f'SELECT * FROM t WHERE name = {name}')",
    "sql-writes-neither-ignore-nor-replace": "connection.exec_driver_sql('INSERT IGNORE INTO t VALUES (1)')",
    "secrets-are-compared-in-constant-time": "same = given.secret == kept.secret",
    "no-weak-hash": "hashlib.md5(data)",
    "no-code-from-data": "eval(data)",
    "tokens-are-read-by-the-wrapper": "jwt.get_unverified_claims(token)",
    "logs-hold-no-secrets": "log.info('signed_in', password=password)",
    "http-clients-have-timeouts": "httpx2.Client()",
    "templates-only-in-the-sandbox": "jinja2.Environment()",
}
# These look at certain folders only, so the planted file lies in one of that name.
IN_FOLDERS = {
    "no-request-url": ("api/planted.py", "where = request.url\n"),
    "no-raw-html": ("frontend/src/Planted.vue", "<template><p v-html='text' /></template>\n"),
    "no-token-in-web-storage": ("frontend/src/planted.ts", "localStorage.setItem('token', token);\n"),
    "no-code-from-strings": ("frontend/src/code.ts", "eval(text);\n"),
}


def test_every_rule_finds_what_breaks_it(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        "import hashlib, httpx2, jinja2\nfrom sqlalchemy import text\n"
        + "".join(f"{one}\n" for one in PLANTED.values())
    )
    for place, content in IN_FOLDERS.values():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(content)
    rules = {rule["id"] for file in RULES.glob("*.yml") for rule in yaml.safe_load(file.read_text())["rules"]}
    assert rules == PLANTED.keys() | IN_FOLDERS.keys()
    done = subprocess.run(
        [sys.executable, "-m", "tools.semgrep", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    missed = {rule for rule in rules if f".{rule}" not in done.stdout}
    assert not missed, done.stdout


def test_a_planted_secret_is_found(tmp_path: Path) -> None:
    key = "-----BEGIN RSA " + "PRIVATE KEY-----"
    (tmp_path / "key.pem").write_text(f"{key}\nMIIEow\n")
    scan = [str(Path(sys.executable).parent / "detect-secrets"), "scan", "--disable-plugin", "KeywordDetector"]
    done = subprocess.run(
        [*scan, "--all-files", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "Private Key" in done.stdout
