"""The process people start: Postgres first, then preparation, then workers; back down in the opposite order.

Runs in the main thread only, because both the signals and the death of the children are tied to it.
"""

import contextlib
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from services.host.accounts import ensure_folder
from services.host.errors import HostError, SupervisorError
from services.host.listeners import BACKLOG, Address, open_sockets
from services.host.locks import FileLock
from services.host.postgres import EmbeddedPostgres, PostgresOptions
from services.host.workers import Worker, WorkerPlan

logger = structlog.get_logger()

# Prepares the database (roles, migrations) given a superuser's DSN, None when no Postgres is embedded;
# returns what the workers' environment needs in addition.
Prepare = Callable[[str | None], Mapping[str, str]]

DEFAULT_LISTEN = Address("localhost", 8443)
DEFAULT_OPS = Address("localhost", 8444)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WORKER_STOP_SECONDS = 5.0
POSTGRES_STOP_SECONDS = 4.0
# A supervisor just killed holds its lock until the kernel has cleared it away.
DYING_SECONDS = 0.5
ORPHAN_SECONDS = 8.0
READY_SECONDS = 60.0
IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.05
TRIES_BEFORE_READY = 3


@dataclass(frozen=True)
class HostOptions:
    """What one host runs.

    Attributes:
        data: folder of everything the instance keeps.
        worker_command: absolute program path and first words; see WorkerArguments for what is appended.
        environment: of the workers.
        listen: public address.
        ops: private address, for health and metrics.
        workers: number of processes.
        postgres: options of the embedded server, or None to run none.
    """

    data: Path
    worker_command: Sequence[str]
    environment: Mapping[str, str]
    listen: Address = DEFAULT_LISTEN
    ops: Address = DEFAULT_OPS
    workers: int = 1
    postgres: PostgresOptions | None = field(default_factory=PostgresOptions)


def default_data_root(environment: Mapping[str, str], home: Path) -> Path:
    """Where an instance lives when nobody says: the system's place for root, else the user's state folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/redwell")
    state = environment.get("XDG_STATE_HOME", "")
    # The XDG rule: a relative path is to be ignored.
    return (Path(state) if state.startswith("/") else home / ".local" / "state") / "redwell"


class Supervisor:
    """One instance on one data folder."""

    def __init__(self, options: HostOptions, prepare: Prepare) -> None:
        self._options = options
        self._prepare = prepare
        self._stopping = False
        self._workers: list[Worker] = []
        self._public: list[socket.socket] = []
        self._ops: list[socket.socket] = []
        self._postgres: EmbeddedPostgres | None = None
        self._postgres_retry_at = 0.0

    @property
    def public_port(self) -> int:
        """The port that was bound, also when any free one was asked for."""
        return int(self._public[0].getsockname()[1])

    @property
    def ops_port(self) -> int:
        return int(self._ops[0].getsockname()[1])

    @property
    def socket_directory(self) -> Path:
        """Where the embedded Postgres listens; known once it is started."""
        assert self._postgres is not None
        return self._postgres.socket_directory

    def run(self, announce: Callable[["Supervisor"], None]) -> None:
        """Serve until told to stop.

        Args:
            announce: called once, when every worker serves.

        Raises:
            HostError: it could not start; everything begun was stopped again.
        """
        # A core file would hold keys and content.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.ExitStack() as stack:
            wake = stack.enter_context(self._signals())
            alive = self._lock(stack)
            self._bind(stack)
            self._start_postgres(stack)
            added = self._prepare(self._postgres.superuser_dsn() if self._postgres else None)
            self._start_workers(stack, alive, added)
            if self._await_ready(wake):
                announce(self)
                self._watch(wake)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """Turn signals into a flag and a readable descriptor."""
        reading, writing = socket.socketpair()
        reading.setblocking(False)
        writing.setblocking(False)
        # `nohup` asks that a hang-up be ignored. A shell's ignoring SIGINT in background jobs asks nothing.
        kept = [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else []
        handled = [number for number in STOP_SIGNALS if number not in kept]
        before = {number: signal.signal(number, self._note_signal) for number in handled}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, self._note_signal)
        before_descriptor = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield reading.fileno()
        finally:
            signal.set_wakeup_fd(before_descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
            reading.close()
            writing.close()

    def _note_signal(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stopping = True

    def _lock(self, stack: contextlib.ExitStack) -> FileLock:
        """Hold the folder, and wait for workers whose supervisor was killed: they are on their way out."""
        data = self._options.data
        try:
            ensure_folder(data)
            lock = stack.enter_context(FileLock(data / ".supervisor"))
            alive = stack.enter_context(FileLock(data / ".workers"))
            if not lock.acquire(DYING_SECONDS):
                raise SupervisorError(f"Redwell already runs on {data}.")
            if not alive.acquire(ORPHAN_SECONDS):
                raise SupervisorError(f"A worker of an earlier start still runs on {data} and does not stop.")
        except OSError as error:
            raise SupervisorError(f"The folder {data} cannot be used: {error.strerror}.") from error
        return alive

    def _bind(self, stack: contextlib.ExitStack) -> None:
        self._public = open_sockets(self._options.listen)
        for bound in self._public:
            stack.enter_context(bound)
        self._ops = open_sockets(self._options.ops)
        for bound in self._ops:
            stack.enter_context(bound)

    def _start_postgres(self, stack: contextlib.ExitStack) -> None:
        if self._options.postgres is None:
            return
        self._postgres = EmbeddedPostgres(self._options.data / "postgres", self._options.postgres)
        self._postgres.start()
        stack.callback(self._postgres.stop, POSTGRES_STOP_SECONDS)

    def _start_workers(self, stack: contextlib.ExitStack, alive: FileLock, added: Mapping[str, str]) -> None:
        for bound in (*self._public, *self._ops):
            bound.listen(BACKLOG)
        plan = WorkerPlan(
            command=self._options.worker_command,
            environment={**self._options.environment, **added},
            public=tuple(bound.fileno() for bound in self._public),
            ops=tuple(bound.fileno() for bound in self._ops),
            alive=alive.fileno(),
        )
        self._workers = [Worker(number, plan) for number in range(self._options.workers)]
        stack.callback(self._stop_workers)
        for worker in self._workers:
            worker.start()

    def _stop_workers(self) -> None:
        deadline = time.monotonic() + WORKER_STOP_SECONDS
        for worker in self._workers:
            worker.tell_to_stop()
        for worker in self._workers:
            worker.wait_or_kill(deadline)

    def _await_ready(self, wake: int) -> bool:
        """Wait until every worker serves; False when told to stop meanwhile."""
        deadline = time.monotonic() + READY_SECONDS
        deaths = 0
        while not self._stopping:
            deaths += self._tend_workers()
            if all(worker.ready for worker in self._workers):
                return True
            if deaths >= TRIES_BEFORE_READY or time.monotonic() > deadline:
                raise SupervisorError("The workers do not start; their messages above say why.")
            _sleep(wake, BUSY_SECONDS)
        return False

    def _watch(self, wake: int) -> None:
        """Replace what dies until told to stop."""
        while not self._stopping:
            self._tend_postgres()
            self._tend_workers()
            busy = not all(worker.ready for worker in self._workers)
            _sleep(wake, BUSY_SECONDS if busy else IDLE_SECONDS)

    def _tend_workers(self) -> int:
        """Collect the dead, start their successors; returns how many died."""
        deaths = 0
        for worker in self._workers:
            worker.check_ready()
            status = worker.collect()
            if status is not None:
                deaths += 1
                logger.warning("worker ended", worker=worker.number, status=status)
            worker.restart_if_due()
        return deaths

    def _tend_postgres(self) -> None:
        postgres = self._postgres
        if postgres is None or postgres.running or time.monotonic() < self._postgres_retry_at:
            return
        logger.error("postgres ended, starting it again")
        self._postgres_retry_at = time.monotonic() + 1.0
        try:
            postgres.stop()
            postgres.start()
        except HostError as error:
            # The workers answer 503 meanwhile; a full disk, say, may be freed.
            logger.error("postgres does not start", reason=str(error))  # noqa: TRY400 - no trace needed


def _sleep(wake: int, seconds: float) -> None:
    """Until a signal or the time is up."""
    if select.select([wake], [], [], seconds)[0]:
        with contextlib.suppress(BlockingIOError):
            while os.read(wake, 64):
                pass
