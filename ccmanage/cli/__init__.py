"""The command line."""

from ccmanage.cli.main import main

__all__ = ["main"]
