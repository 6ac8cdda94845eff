"""Secrets come from the environment, from standard input or from a prompt: arguments stand in the process list."""

import os
import sys

import typer

from ccmanage.cli.output import fail


def read_secret(variable: str, label: str, *, from_stdin: bool = False, confirm: bool = False) -> str:
    """Return a secret; ends the command if there is no way to get one."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get(variable):
        return given
    if not sys.stdin.isatty():
        fail(f"{variable}: is not set, and there is no terminal to ask on")
    typed: str = typer.prompt(label, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed
