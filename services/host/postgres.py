"""The embedded Postgres: one cluster, reachable over a private socket only, that dies with its owner.

Two locks make a start after any crash safe. `.owner` is held by the process that started the server. `.alive`
is inherited by the server and held as long as the postmaster or any backend lives: whoever gets it knows that
a remaining postmaster.pid is stale, whatever its number now means. Start and stop block, and start belongs in
the main thread: the server gets SIGINT (fast shutdown) when the thread that started it ends.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import quote, urlencode

from services.host import cluster, sockets
from services.host.accounts import ServerAccount, ensure_folder, server_account
from services.host.binaries import MINIMAL_ENVIRONMENT, ServerBinaries, locate
from services.host.errors import PostgresError
from services.host.locks import FileLock

# Evidence is worth nothing if a committed row can vanish, so these are not for tuning.
DURABLE_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": str(sockets.PORT),
    "unix_socket_permissions": "0700",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    # Row values and statements stay out of the log: they may be personal.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    # Containers give /dev/shm 64 MB, which parallel queries outgrow.
    "max_parallel_workers_per_gather": "0",
}
FIXED_SETTINGS = DURABLE_SETTINGS.keys() | {"listen_addresses", "port", "unix_socket_directories"}
POLL_SECONDS = 0.01
LOG_TAIL_CHARACTERS = 2000


@dataclass(frozen=True)
class PostgresOptions:
    """How to run the server.

    Attributes:
        bindir: the one folder to take the programs from (REDWELL_PG_BINDIR), or None to search.
        runtime: the user's runtime folder (XDG_RUNTIME_DIR) for a socket whose path would be too long.
        settings: further server settings; those that make commits durable or open a port are refused.
        start_seconds: how long recovery may take before a start counts as failed.
    """

    bindir: Path | None = None
    runtime: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 120.0


class EmbeddedPostgres:
    """One cluster below `root`, started by us or, when its owner lives, used as found."""

    def __init__(self, root: Path, options: PostgresOptions | None = None) -> None:
        self.root = root.absolute()
        self.data = self.root / "data"
        self._options = options or PostgresOptions()
        refused = sorted(FIXED_SETTINGS & self._options.settings.keys())
        if refused:
            raise PostgresError(
                f"The Postgres settings {', '.join(refused)} are fixed and cannot be changed."
            )
        self._owner_lock = FileLock(self.root / ".owner")
        self._process: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None
        self._password: str | None = None
        self._socket_directory: Path | None = None

    def start(self) -> None:
        """Start the server, creating the cluster on first use; returns when it accepts connections.

        Raises:
            PostgresError: nothing was left running by us.
        """
        self._prepare_root()
        deadline = time.monotonic() + self._options.start_seconds
        while not self._owner_lock.acquire():
            if self._adopt():
                return
            if time.monotonic() > deadline:
                raise PostgresError(f"Another process holds {self.root} but its Postgres does not get ready.")
            time.sleep(POLL_SECONDS)
        try:
            self._start_own()
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Shut down: clients are cut off, data is flushed. What takes longer is left to crash recovery.

        A server that another process owns is left running.
        """
        process, self._process, self._pid = self._process, None, None
        if process is not None:
            _stop_process(process, timeout_seconds)
        self._owner_lock.release()

    @property
    def owned(self) -> bool:
        """Whether the running server is ours to stop."""
        return self._process is not None

    @property
    def running(self) -> bool:
        """Whether the postmaster is alive; collects its exit status when it is our child."""
        if self._process is not None:
            return self._process.poll() is None
        return self._pid is not None and cluster.runs_cluster(self._pid, self.data)

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        if self._pid is None:
            raise PostgresError("Postgres is not started.")
        return self._pid

    @property
    def socket_directory(self) -> Path:
        if self._socket_directory is None:
            raise PostgresError("Postgres is not started.")
        return self._socket_directory

    def dsn(self, database: str, user: str, password: str) -> str:
        """A libpq URL over the private socket, as asyncpg and libpq read it."""
        place = urlencode({"host": str(self.socket_directory), "port": sockets.PORT}, quote_via=quote)
        user, password, database = (quote(word, safe="") for word in (user, password, database))
        return f"postgresql://{user}:{password}@/{database}?{place}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """For bootstrap and backup only; services have roles of their own."""
        if self._password is None:
            raise PostgresError("Postgres is not started.")
        return self.dsn(database, cluster.SUPERUSER, self._password)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _prepare_root(self) -> None:
        try:
            ensure_folder(self.root)
        except OSError as error:
            raise PostgresError(f"The folder {self.root} cannot be used: {error.strerror}.") from error

    def _adopt(self) -> bool:
        """Use the server of a living owner, if it is ready."""
        status = cluster.server_status(self.data)
        if status is None or status[1] != "ready" or not cluster.runs_cluster(status[0], self.data):
            return False
        self._pid = status[0]
        self._load_access(server_account(self.data))
        return True

    def _load_access(self, account: ServerAccount) -> None:
        password_file = self.root / "superuser.password"
        if self.data.exists() and not password_file.exists():
            raise PostgresError(
                f"{password_file} is missing: restore it from a backup, it belongs to {self.data}."
            )
        self._password = cluster.read_or_create_password(password_file)
        self._socket_directory = sockets.socket_directory(self.root, account, self._options.runtime)

    def _start_own(self) -> None:
        account = server_account(self.data)
        _check_reachable(self.root, account)
        binaries = locate(account, self.root / "dist", self._options.bindir)
        self._load_access(account)
        with FileLock(self.root / ".alive") as alive:
            self._wait_for_predecessor(alive)
            if not self.data.exists():
                assert self._password is not None
                cluster.create_cluster(self.data, binaries, account, self._password)
            cluster.check_version(self.data, binaries)
            self._remove_stale_locks()
            self._process = self._spawn(binaries, account, alive)
        self._pid = self._process.pid
        self._wait_until_ready(self._process)

    def _remove_stale_locks(self) -> None:
        """Postgres believes a number in these files that by now may be anybody's, or a zombie's."""
        socket = self.socket_directory / sockets.SOCKET_FILE
        for stale in (self.data / "postmaster.pid", socket.with_name(f"{socket.name}.lock"), socket):
            stale.unlink(missing_ok=True)

    def _wait_for_predecessor(self, alive: FileLock) -> None:
        """An orphan shuts down by itself when its owner dies; one that does not is told to."""
        if alive.acquire(timeout_seconds=2.0):
            return
        status = cluster.server_status(self.data)
        if status is not None and cluster.runs_cluster(status[0], self.data):
            os.kill(status[0], signal.SIGINT)
        if not alive.acquire(self._options.start_seconds):
            raise PostgresError(
                f"A Postgres of an earlier start still runs in {self.data} and does not stop."
            )

    def _spawn(
        self, binaries: ServerBinaries, account: ServerAccount, alive: FileLock
    ) -> "subprocess.Popen[bytes]":
        settings = SERVER_SETTINGS | dict(self._options.settings) | DURABLE_SETTINGS
        settings["unix_socket_directories"] = str(self.socket_directory)
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with _private(self.root / "server.log") as log:
            return subprocess.Popen(  # noqa: S603 - a program we located ourselves, no shell
                [
                    *cluster.launcher(account, signal.SIGINT),
                    binaries.postgres,
                    "-D",
                    str(self.data),
                    *flags,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                umask=0o077,
                env=MINIMAL_ENVIRONMENT,
                pass_fds=[alive.fileno()],
                # Ctrl-C at the terminal is for us; we stop the server last.
                start_new_session=True,
            )

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + self._options.start_seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise PostgresError(f"Postgres did not start: {self._log_tail() or 'it left no message.'}")
            if cluster.server_status(self.data) == (process.pid, "ready"):
                return
            time.sleep(POLL_SECONDS)
        raise PostgresError(
            f"Postgres was not ready after {self._options.start_seconds:.0f} s: {self._log_tail()}"
        )

    def _log_tail(self) -> str:
        logs = [self.root / "server.log", *sorted((self.data / "log").glob("*.log"), key=_modified_at)[-1:]]
        return "\n".join(log.read_text("utf-8", "replace") for log in logs)[-LOG_TAIL_CHARACTERS:].strip()


def _private(path: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return open(descriptor, "wb")  # noqa: PTH123 -- a descriptor, not a path


def _modified_at(path: Path) -> float:
    return path.stat().st_mtime


def _check_reachable(root: Path, account: ServerAccount) -> None:
    """A folder below a private one, such as root's home, is closed to the account we drop to."""
    done = subprocess.run(  # noqa: S603 - fixed words; the path is an argument of its own
        ["/bin/sh", "-c", 'cd -- "$0"', str(root)],
        check=False,
        cwd="/",
        stderr=subprocess.DEVNULL,
        **account.credentials(),
    )
    if done.returncode != 0:
        raise PostgresError(
            f"{root} lies in a folder that the account Postgres runs as ({account.name}) may not enter; "
            "choose another with --data."
        )


def _stop_process(process: "subprocess.Popen[bytes]", timeout_seconds: float) -> None:
    # SIGTERM would wait for idle clients; SIGKILL would leave shared memory and backends behind.
    for signal_number in (signal.SIGINT, signal.SIGQUIT):
        process.send_signal(signal_number)
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            continue
        return
    raise PostgresError(f"Postgres (process {process.pid}) does not stop.")
