"""One worker process: how it is started, told its sockets, watched, and restarted."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from services.host import launch

# glibc otherwise gives memory back and asks for it again on every 256 KiB of an upload: half of its time.
ALLOCATOR_ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "67108864",
    "MALLOC_TOP_PAD_": "16777216",
    # Threads that open segments would else have a heap each, and leave holes of megabytes in all of them.
    "MALLOC_ARENA_MAX": "1",
}
READY = b"1"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 10.0
# A worker that lived this long was well: its death is a new matter.
WELL_AFTER_SECONDS = 30.0


@dataclass(frozen=True)
class WorkerArguments:
    """What the supervisor tells a worker, as words appended to its command.

    Attributes:
        number: 0 for the first worker, and so on; a restarted worker keeps its number.
        public: descriptors of the public listening sockets.
        ops: descriptors of the private listening sockets.
        ready: descriptor to write one byte to when serving.
    """

    number: int
    public: tuple[int, ...]
    ops: tuple[int, ...]
    ready: int

    def words(self) -> list[str]:
        """As `parse` reads them."""
        public = [word for descriptor in self.public for word in ("--public-fd", str(descriptor))]
        ops = [word for descriptor in self.ops for word in ("--ops-fd", str(descriptor))]
        return ["--worker", str(self.number), "--ready-fd", str(self.ready), *public, *ops]

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        """Read the command line of a worker."""
        parser = argparse.ArgumentParser(allow_abbrev=False)
        parser.add_argument("--worker", type=int, required=True)
        parser.add_argument("--ready-fd", type=int, required=True)
        parser.add_argument("--public-fd", type=int, action="append", required=True)
        parser.add_argument("--ops-fd", type=int, action="append", default=[])
        found = parser.parse_args(words)
        return cls(found.worker, tuple(found.public_fd), tuple(found.ops_fd), found.ready_fd)


@dataclass(frozen=True)
class WorkerPlan:
    """What all workers of one supervisor share.

    Attributes:
        command: the program and its first words.
        environment: all of it; nothing is added but the allocator's settings.
        public: descriptors to hand on.
        ops: descriptors to hand on.
        alive: descriptor of a lock that the workers hold by inheriting it.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    public: tuple[int, ...]
    ops: tuple[int, ...]
    alive: int


class Worker:
    """A place for a worker: at most one process at a time."""

    def __init__(self, number: int, plan: WorkerPlan) -> None:
        self.number = number
        self.ready = False
        self._plan = plan
        self._process: subprocess.Popen[bytes] | None = None
        self._ready_pipe: int | None = None
        self._started_at = 0.0
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._start_after = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process; it dies with us."""
        self._ready_pipe, ready = os.pipe()
        os.set_blocking(self._ready_pipe, False)
        told = WorkerArguments(self.number, self._plan.public, self._plan.ops, ready)
        parent = [str(os.getpid()), str(int(signal.SIGTERM)), str(launch.AS_I_AM), str(launch.AS_I_AM)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours, no shell
                [sys.executable, "-I", "-S", launch.__file__, *parent, *self._plan.command, *told.words()],
                env={**self._plan.environment, **ALLOCATOR_ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                pass_fds=[*told.public, *told.ops, ready, self._plan.alive],
                # Ctrl-C at the terminal is for the supervisor, which tells the workers.
                start_new_session=True,
            )
        finally:
            os.close(ready)
        self._started_at = time.monotonic()

    def check_ready(self) -> None:
        """Notice the worker's word that it serves."""
        if self._ready_pipe is None:
            return
        try:
            word = os.read(self._ready_pipe, 1)
        except BlockingIOError:
            return
        self.ready = word == READY
        self._forget_pipe()

    def collect(self) -> int | None:
        """The exit status of a process that just ended, else None; decides when to start the next."""
        status = self._process.poll() if self._process is not None else None
        if status is None:
            return None
        now = time.monotonic()
        if now - self._started_at > WELL_AFTER_SECONDS:
            self._pause_seconds = FIRST_PAUSE_SECONDS
        self._start_after = now + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        self._process, self.ready = None, False
        self._forget_pipe()
        return status

    def restart_if_due(self) -> None:
        """Start the next process once the pause after the last is over."""
        if self._process is None and time.monotonic() >= self._start_after:
            self.start()

    def tell_to_stop(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def wait_or_kill(self, deadline: float) -> None:
        """Wait for the process until the deadline (monotonic seconds), then end it."""
        process, self._process = self._process, None
        self._forget_pipe()
        if process is None:
            return
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _forget_pipe(self) -> None:
        if self._ready_pipe is not None:
            os.close(self._ready_pipe)
            self._ready_pipe = None
