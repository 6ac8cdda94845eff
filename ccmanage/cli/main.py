"""The commands, and how their errors become one clear line and an exit code.

0: done. 1: something was found or refused. 2: wrong use or a wrong setting.
"""

from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from ccmanage import __version__
from ccmanage.cli import checking, creating, keeping, prices, replaying, running
from ccmanage.cli.output import FINDING, WRONG_USE, fail, say
from ccmanage.core.config import ConfigError
from ccmanage.core.db import is_away
from ccmanage.core.errors import DomainError
from ccmanage.core.process import ClocksApart

app = typer.Typer(
    name="ccmanage",
    help="Keys, credits and usage accounting for people who run Claude Code for others.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Keys, credits and usage accounting for people who run Claude Code for others."""


for module in (running, checking, replaying):
    module.register(app)
app.add_typer(creating.users, name="users", help="People of the installation.")
app.add_typer(creating.gateways, name="gateways", help="Machines that post usage and verify keys.")
app.add_typer(creating.keys, name="keys", help="API keys of workspaces.")
app.add_typer(prices.app, name="prices", help="The price book.")
app.add_typer(keeping.encryption, name="encryption", help="Encryption at rest.")
app.add_typer(keeping.privacy, name="privacy", help="What was promised to people.")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except (ConfigError, ClocksApart) as error:
        fail(str(error), WRONG_USE)
    except DomainError as error:
        fail(_sentence(error), FINDING)
    except DBAPIError as error:
        if not is_away(error):
            raise
        fail(f"CCMANAGE_DATABASE_URL: the database does not answer: {error.orig}", WRONG_USE)


def _sentence(error: DomainError) -> str:
    fields = [f"{field.pointer.strip('/')}: {field.detail}" for field in error.fields]
    return " ".join([error.public, *fields])
