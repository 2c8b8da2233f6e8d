"""A Postgres of one's own, as an administrator runs it: Debian's 15, on a loopback port, with a password."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.harness.parts import require_folder
from tests.harness.ports import free_port

DEBIAN = "/usr/lib/postgresql/15/bin"


@contextmanager
def administered_postgres(folder: Path) -> Iterator[str]:
    """Start it in `folder`; gives the administrator's URL."""
    programs = require_folder(DEBIAN, "postgresql-15")
    data, port, password = folder / "server", free_port(), secrets.token_hex(16)
    data.mkdir(mode=0o700)
    secret = data.with_suffix(".password")
    secret.write_text(password)
    for path in (data, secret):
        _hand_over(path)
    _run(programs / "initdb", "-D", data, "-U", "admin", "-A", "scram-sha-256", f"--pwfile={secret}")
    control = (programs / "pg_ctl", "-D", data, "-w", "-s", "-l", data / "log")
    places = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={data}"
    _run(*control, "-o", places, "start")
    try:
        yield f"postgresql://admin:{password}@127.0.0.1:{port}/postgres"
    finally:
        _run(*control, "-m", "fast", "stop")


def _hand_over(path: Path) -> None:
    """Postgres does not run as root; Debian's package made an account for it."""
    if os.geteuid() == 0:
        shutil.chown(path, "postgres", "postgres")


def _run(*words: object) -> None:
    dropped: dict[str, Any] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        dropped = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    subprocess.run([str(word) for word in words], check=True, cwd="/", stdout=subprocess.DEVNULL, **dropped)
