"""Private servers keep what was committed over a SIGKILL, and nothing outlives the process that started them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pymysql
import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from support.server_process import free_port
from support.server_reaper import started_at
from support.servers import MariaDbServer, RedisServer

ORPHAN_MAKER = """
import os, signal, sys
from pathlib import Path
from support.servers import RedisServer
server = RedisServer(Path(sys.argv[1])).start()
print(server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.mysql
def test_mysql_keeps_commits_over_sigkill(private_mysql: MariaDbServer) -> None:
    engine = create_engine(private_mysql.create_database("kept_over_kill"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE facts (id INT PRIMARY KEY)"))
        connection.execute(text("INSERT INTO facts VALUES (7)"))
    private_mysql.kill()
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    private_mysql.start()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM facts")).scalar_one() == 7


@pytest.mark.mysql
def test_the_application_user_is_nobody_special(private_mysql: MariaDbServer) -> None:
    engine = create_engine(private_mysql.create_database("with_under_score"))
    with engine.connect() as connection:
        with pytest.raises(OperationalError):
            connection.execute(text("SET GLOBAL read_only = 1"))
        with pytest.raises(OperationalError):
            connection.execute(text("CREATE DATABASE withXunder_score"))
        assert connection.execute(text("SELECT @@character_set_server")).scalar_one() == "utf8mb4"


@pytest.mark.mysql
def test_a_paused_mysql_hangs_and_goes_on(private_mysql: MariaDbServer) -> None:
    private_mysql.create_database("paused")
    private_mysql.pause()
    with pytest.raises(pymysql.err.OperationalError):
        pymysql.connect(host="127.0.0.1", port=private_mysql.port, user="x", connect_timeout=1, read_timeout=1)
    private_mysql.resume()
    private_mysql.wait_ready()


@pytest.mark.redis
def test_redis_keeps_writes_over_sigkill_unless_wiped(private_redis: RedisServer) -> None:
    redis.Redis.from_url(private_redis.url).set("fact", 7)
    private_redis.kill()
    private_redis.start()
    assert redis.Redis.from_url(private_redis.url).get("fact") == b"7"
    private_redis.kill()
    private_redis.wipe()
    private_redis.start()
    assert redis.Redis.from_url(private_redis.url).get("fact") is None


@pytest.mark.redis
def test_servers_do_not_outlive_a_killed_parent(private_redis: RedisServer, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN_MAKER, str(tmp_path / "orphan")],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": "/usr/bin:/bin"},
    )
    assert parent.stdout is not None
    # The reaper holds the output open, so its end is the moment when the cleaning is done.
    orphan = int(parent.stdout.read().split()[0])
    parent.wait()
    assert gone(orphan)


def gone(pid: int) -> bool:
    """Whether the process has ended (it may wait for its new parent to read its exit code)."""
    if started_at(pid) is None:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_ports_are_not_given_out_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
