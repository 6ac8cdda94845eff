"""The locks: safe versions only, every archive checked by hash, and no word about where archives come from."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
# Installed into one environment; semgrep has one of its own.
TOGETHER = ("installer.txt", "build.txt", "runtime.txt", "dev.txt")
LOCKS = (*TOGETHER, "semgrep.txt")
NPM_LOCK = ROOT / "frontend" / "package-lock.json"
RULES: dict[str, dict[str, dict[str, Any]]] = tomllib.loads((ROOT / "security" / "minimum-versions.toml").read_text())
# Written in pieces, so that this file does not name what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(parts).encode()
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npmmirror", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
    )
)


def locked_requirements(lock: str) -> list[str]:
    """Return the logical lines of a lock: one requirement with its hashes each."""
    text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def python_versions(locks: Sequence[str] = LOCKS) -> dict[str, set[Version]]:
    found: dict[str, set[Version]] = defaultdict(set)
    for lock in locks:
        for line in locked_requirements(lock):
            requirement = Requirement(line.split(" --hash", 1)[0])
            found[canonicalize_name(requirement.name)].add(Version(next(iter(requirement.specifier)).version))
    return found


def npm_packages() -> dict[str, dict[str, Any]]:
    packages: dict[str, dict[str, Any]] = json.loads(NPM_LOCK.read_text())["packages"]
    return {path: package for path, package in packages.items() if path and not package.get("link")}


def npm_versions() -> dict[str, set[Version]]:
    found: dict[str, set[Version]] = defaultdict(set)
    for path, package in npm_packages().items():
        # A pre-release of npm (1.0.0-beta.2) reads the same in Python's grammar except for a few build tags.
        found[path.rpartition("node_modules/")[2]].add(
            Version(package["version"].split("+")[0].replace("-", ".dev0+", 1))
        )
    return found


@pytest.mark.parametrize("language", ["python", "npm"])
def test_locked_versions_are_safe(language: str) -> None:
    locked = python_versions() if language == "python" else npm_versions()
    assert len(locked) > 50
    for name, rule in RULES[language].items():
        assert rule["because"]
        versions = locked.get(name, set())
        assert not (rule.get("banned") and versions), f"{name} must not be installed: {rule['because']}"
        for version in versions:
            assert version >= Version(rule["minimum"]), f"{name} {version} is unsafe: {rule['because']}"
            assert str(version) not in rule.get("forbidden", []), f"{name} {version}: {rule['because']}"


def test_rules_cover_what_we_use() -> None:
    """The rules name real packages: those that matter most are in the locks, so a typing error would show."""
    assert {"starlette", "python-jose", "pymysql", "dramatiq"} <= python_versions().keys()
    assert {"axios", "element-plus", "vite"} <= npm_versions().keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_python_archives_are_pinned_by_hash(lock: str) -> None:
    lines = locked_requirements(lock)
    assert lines
    for line in lines:
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        assert re.match(r"^[a-z0-9._-]+(\[[a-z,_-]+\])?==[^=]+", requirement), f"not pinned: {line[:80]}"
        assert hashes, f"no hash: {requirement}"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_locks_agree_with_each_other(python: str) -> None:
    """One version each for one Python; a lock may name another for another Python."""
    found: dict[str, set[str]] = defaultdict(set)
    for lock in TOGETHER:
        for line in locked_requirements(lock):
            requirement = Requirement(line.split(" --hash", 1)[0])
            there = {"python_version": python, "python_full_version": f"{python}.0"}
            if requirement.marker is None or requirement.marker.evaluate(there):
                found[canonicalize_name(requirement.name)].add(str(requirement.specifier))
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}


def test_locks_cover_what_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = python_versions(TOGETHER)
    for text in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]:
        requirement = Requirement(text)
        versions = locked[canonicalize_name(requirement.name)]
        assert versions, f"{requirement.name} is not locked: make lock"
        assert all(version in requirement.specifier for version in versions), f"{requirement} differs: make lock"


def test_npm_archives_are_pinned_by_hash() -> None:
    for path, package in npm_packages().items():
        assert package.get("integrity", "").startswith("sha512-"), f"no hash: {path}"
        assert "resolved" not in package, f"an address in the lock: {path}"
    manifest = json.loads((ROOT / "frontend" / "package.json").read_text())
    for name, version in (manifest["dependencies"] | manifest["devDependencies"]).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned exactly"


def test_install_scripts_of_npm_packages_never_run() -> None:
    assert "ignore-scripts=true" in (ROOT / "frontend" / ".npmrc").read_text().splitlines()
    for place in ("Makefile", "Dockerfile"):
        for call in re.findall(r"npm (?:ci|install)\b.*", (ROOT / place).read_text()):
            assert "--ignore-scripts" in call, f"{place}: {call}"


def test_no_file_names_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            content = path.read_bytes()
            named = [host.decode() for host in REGISTRY_HOSTS if host in content]
            assert not named, f"{name} names {named}"
