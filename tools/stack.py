"""`make stack`: the production shape as local processes, with the very commands of docker-compose.yml.

MySQL/MariaDB and Redis are private instances with their data in var/stack, unless CCMANAGE_DATABASE_URL and
CCMANAGE_REDIS_URL name others. CCMANAGE_BROKER_URL (or BROKER_URL) `amqp` starts a private RabbitMQ for the nudges,
`amqp://…` uses a given one. HOST and PORT say where the API listens. Ctrl-C ends everything in order.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from support.server_mysql import options_of
from support.server_process import ServerFailed, ServerMissing, ServerProcess, free_port
from support.servers import MariaDbServer, RabbitServer, RedisServer
from tools.compose import ROOT, own_services
from tools.supervisor import Supervisor, say

HOME = ROOT / "var" / "stack"
KEPT = HOME / "env"
BIN = Path(sys.executable).parent
SECRETS = ("CCMANAGE_SECRET_KEYS", "CCMANAGE_ENCRYPTION_KEYS", "CCMANAGE_KEY_PEPPER", "CCMANAGE_METRICS_TOKEN")
ANY_HOST = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
READY_SECONDS = 60.0


def main() -> int:
    """Start everything, print the address and the sign-in, keep it running until a signal."""
    HOME.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor()
    supervisor.stop_on_signals()
    servers: list[ServerProcess] = []
    first_time = not KEPT.exists()
    try:
        environment = os.environ | kept_settings() | start_servers(servers)
        environment |= start_mail_sink(supervisor)
        migrate(environment)
        start_services(supervisor, environment)
        if wait_ready(supervisor, environment):
            welcome(environment, first_time)
        while not supervisor.stopping.wait(1.0):
            revive(servers)
    except (ServerMissing, ServerFailed) as trouble:
        print(f"make stack: {trouble}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as trouble:
        return trouble.returncode
    finally:
        supervisor.stop()
        for server in reversed(servers):
            server.stop()
    return 0


def kept_settings() -> dict[str, str]:
    """Return the secrets and the first sign-in: given ones, else made once and kept in var/stack/env (mode 0600)."""
    if not KEPT.exists():
        made = {name: secrets.token_urlsafe(32) for name in SECRETS}
        made |= {"CCMANAGE_ADMIN_EMAIL": "admin@example.com", "CCMANAGE_ADMIN_PASSWORD": secrets.token_urlsafe(12)}
        with os.fdopen(os.open(KEPT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{name}={os.environ.get(name) or value}\n" for name, value in made.items())
    kept = dict(line.split("=", 1) for line in KEPT.read_text(encoding="utf-8").splitlines() if line)
    return {name: os.environ.get(name) or value for name, value in kept.items()}


def start_servers(servers: list[ServerProcess]) -> dict[str, str]:
    """Start the private servers that no URL replaces, and return the addresses of all and of the API."""
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    found = {"API_HOST": host, "API_PORT": port, "CCMANAGE_DATA_DIR": str(HOME / "data")}
    found["CCMANAGE_LOG_FORMAT"] = os.environ.get("CCMANAGE_LOG_FORMAT") or "text"
    found["CCMANAGE_PUBLIC_URL"] = os.environ.get("CCMANAGE_PUBLIC_URL") or f"http://{host}:{port}"
    if not os.environ.get("CCMANAGE_DATABASE_URL"):
        mysql = MariaDbServer(HOME / "mysql", flags=options_of(ROOT / "deploy" / "my.cnf"))
        found["CCMANAGE_DATABASE_URL"] = mysql.url("ccmanage")
        started(servers, mysql)
        mysql.ensure_database("ccmanage")
    if not os.environ.get("CCMANAGE_REDIS_URL"):
        redis = RedisServer(HOME / "redis")
        found["CCMANAGE_REDIS_URL"] = redis.url
        started(servers, redis)
    broker = os.environ.get("CCMANAGE_BROKER_URL") or os.environ.get("BROKER_URL") or ""
    if broker.rstrip(":/") == "amqp":
        rabbit = RabbitServer(HOME / "rabbitmq")
        broker = rabbit.url
        started(servers, rabbit)
    return found | {"CCMANAGE_BROKER_URL": broker}


def started(servers: list[ServerProcess], server: ServerProcess) -> None:
    """Start a private server and remember it."""
    say(server.name, f"starting on 127.0.0.1:{server.port}, data in {server.directory.relative_to(ROOT)}")
    servers.append(server)
    server.start()


def revive(servers: list[ServerProcess]) -> None:
    """Start a private server again that ended; its data and its port are the same."""
    for server in servers:
        if not server.running:
            say(server.name, "ended, starting again")
            server.kill()
            server.start()


def start_mail_sink(supervisor: Supervisor) -> dict[str, str]:
    """Catch all mail in var/stack/mail unless an SMTP server is given."""
    if os.environ.get("CCMANAGE_SMTP_URL"):
        return {}
    port = free_port()
    sink = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
    sink += ["-c", "aiosmtpd.handlers.Mailbox", str(HOME / "mail")]
    supervisor.keep("mail", sink, os.environ)
    return {"CCMANAGE_SMTP_URL": f"smtp://127.0.0.1:{port}"}


def migrate(environment: dict[str, str]) -> None:
    """Bring the database to the newest schema; the first time this makes the administrator."""
    service = next(one for one in own_services(environment) if one.name == "migrate")
    subprocess.run([str(BIN / service.command[0]), *service.command[1:]], check=True, env=environment, cwd=ROOT)


def start_services(supervisor: Supervisor, environment: dict[str, str]) -> None:
    """Start what the compose file starts, as many times; the first sign-in is the migration's business alone."""
    environment = {name: value for name, value in environment.items() if not name.startswith("CCMANAGE_ADMIN_")}
    for service in own_services(environment):
        if service.name == "migrate":
            continue
        for number in range(1, service.replicas + 1):
            name = f"{service.name}-{number}" if service.replicas > 1 else service.name
            data = HOME / "data" / name
            data.mkdir(parents=True, exist_ok=True)
            own = environment | {"CCMANAGE_DATA_DIR": str(data)}
            supervisor.keep(name, [str(BIN / service.command[0]), *service.command[1:]], own)


def own_address(environment: dict[str, str]) -> str:
    """Return where the API is reached from this machine."""
    host = environment["API_HOST"]
    return f"http://{'127.0.0.1' if host in ANY_HOST else host}:{environment['API_PORT']}"


def wait_ready(supervisor: Supervisor, environment: dict[str, str]) -> bool:
    """Wait until the API says that it is ready; say so if it takes too long, and go on supervising."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{own_address(environment)}/readyz", timeout=2):
                return True
        except OSError:
            if supervisor.stopping.wait(0.1):
                return False
    say("stack", f"the API is not ready after {READY_SECONDS:.0f} s; the lines above may say why")
    return False


def welcome(environment: dict[str, str], first_time: bool) -> None:
    """Say where everything is and how to sign in."""
    password = environment["CCMANAGE_ADMIN_PASSWORD"] if first_time else f"as in {KEPT.relative_to(ROOT)}"
    say("stack", "")
    say("stack", f"ready: {own_address(environment)}")
    say("stack", f"sign in as {environment['CCMANAGE_ADMIN_EMAIL']}, password {password}")
    say("stack", "Ctrl-C ends everything; the data stays in var/stack")
    say("stack", "")


if __name__ == "__main__":
    sys.exit(main())
