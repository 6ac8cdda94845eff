"""Commands that create people, gateways and keys. What is shown once is printed once, on standard output."""

from typing import Annotated

import typer

from ccmanage.cli.installation import open_installation
from ccmanage.cli.output import FINDING, fail, print_json, say
from ccmanage.cli.people import create_person
from ccmanage.cli.secrets import read_secret
from ccmanage.core.clock import parse_rfc3339
from ccmanage.core.ids import GATEWAY, KEY, USER, WORKSPACE, decode_id, encode_id
from ccmanage.gateways.service import GatewayScope

users = typer.Typer(no_args_is_help=True)
gateways = typer.Typer(no_args_is_help=True)
keys = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PASSWORD = "CCMANAGE_PASSWORD"  # noqa: S105 - the name of a variable


@users.callback()
@gateways.callback()
@keys.callback()
def group() -> None:
    """Keep the group a group while it has one command."""


@users.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="Address to sign in with.")],
    name: Annotated[str, typer.Option(help="Name to show; the address' first part if absent.")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May administer the installation.")] = False,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read it from standard input.")] = False,
    as_json: Json = False,
) -> None:
    """Create a person. The password comes from CCMANAGE_PASSWORD, standard input or a prompt."""
    with open_installation() as runtime:
        password = read_secret(PASSWORD, "Password", from_stdin=password_stdin, confirm=True)
        account = create_person(runtime, email, name or email.partition("@")[0], password, admin=admin)
    user_id = encode_id(USER, account.public_id)
    if as_json:
        print_json({"id": user_id, "email": account.email, "role": account.role.name.lower()})
    else:
        say(f"Created {account.email} ({user_id}), {account.role.name.lower()}.")


@gateways.command("create")
def create_gateway(
    name: Annotated[str, typer.Argument(help="Name of the machine.")],
    scope: Annotated[list[GatewayScope] | None, typer.Option("--scope", help="What it may do; all if absent.")] = None,
    as_json: Json = False,
) -> None:
    """Create a gateway and print its token, the only time."""
    with open_installation() as runtime:
        scopes = tuple(scope or GatewayScope)
        issued = runtime.run(lambda unit: unit.gateways.create(name, scopes))
    gateway_id = encode_id(GATEWAY, issued.gateway.public_id)
    if as_json:
        print_json({"id": gateway_id, "name": name, "scopes": list(scopes), "token": issued.token})
    else:
        say(f"Created gateway {name} ({gateway_id}). Its token, shown only now:\n{issued.token}")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Name of the key.")],
    user: Annotated[str, typer.Option(help="Address of the person whose key it is.")],
    workspace: Annotated[str, typer.Option(help="Id (ws_…); the person's own workspace if absent.")] = "",
    expires_at: Annotated[str, typer.Option(help="RFC 3339 time; never if absent.")] = "",
    as_json: Json = False,
) -> None:
    """Issue an API key and print its secret, the only time."""
    try:
        expiry = parse_rfc3339(expires_at) if expires_at else None
    except ValueError as error:
        fail(f"--expires-at: {error}")
    with open_installation() as runtime:
        with runtime.read() as scope:
            person = scope.accounts.find_by_email(user)
            if person is None:
                fail(f"--user: nobody signs in as {user}", FINDING)
            wanted = decode_id(WORKSPACE, workspace) if workspace else None
            home = scope.workspaces.membership(person.id, wanted)
        issued = runtime.run(lambda unit: unit.keys.issue(home.workspace_id, person.id, name, expires_at=expiry))
    key_id = encode_id(KEY, issued.key.public_id)
    if as_json:
        print_json(
            {"id": key_id, "name": name, "workspace_id": encode_id(WORKSPACE, home.public_id), "secret": issued.secret}
        )
    else:
        say(f"Created key {name} ({key_id}). Its secret, shown only now:\n{issued.secret}")
