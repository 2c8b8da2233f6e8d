"""Many files at once: each is tried again when the line breaks, and one that fails leaves others alone."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Task as Bar

from clients.python.redwell_client import Patience, Watch
from services.cli.files.places import visible

LEAVE_SECONDS = 2.0
"""How long a command that was told to stop waits for what is under way."""
_THREADS = "redwell-transfer"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a command goes about many files."""

    parallel: int
    patience_seconds: float
    quiet: bool


@dataclass(frozen=True, slots=True)
class Task:
    """One file."""

    title: str
    length_bytes: int
    run: Callable[[Watch], None]


def run_all(tasks: Iterable[Task], manner: Manner, renew: Callable[[float], bool]) -> None:
    """Run each task, several at a time, with a bar for all and one for each that is under way.

    What one of them raises ends all; so does an interruption.
    """
    listed, stop = list(tasks), threading.Event()
    pool = ThreadPoolExecutor(manner.parallel, thread_name_prefix=_THREADS)
    with _progress(quiet=manner.quiet) as progress:
        bars = _Bars(progress, sum(task.length_bytes for task in listed), stop)
        patience = Patience(manner.patience_seconds, pause=bars.pause, renew=renew)
        under_way = [pool.submit(bars.run, task, patience) for task in listed]
        try:
            for done in as_completed(under_way):
                done.result()
        except BaseException:
            stop.set()
            _leave(pool, under_way)
            raise
    pool.shutdown()


def still_running() -> bool:
    """Whether a task that was told to stop has not noticed yet, as it waits for an answer."""
    return any(thread.name.startswith(_THREADS) for thread in threading.enumerate())


def _leave(pool: ThreadPoolExecutor, under_way: list[Future[None]]) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    wait(under_way, timeout=LEAVE_SECONDS)


class _Bars:
    def __init__(self, progress: Progress, length_bytes: int, stop: threading.Event) -> None:
        self._progress, self._stop = progress, stop
        self._lock = threading.Lock()
        self._all = self._bar("all", length_bytes)

    def run(self, task: Task, patience: Patience) -> None:
        own, title = self._bar(visible(task.title), task.length_bytes), visible(task.title)

        def moved(count: int) -> None:
            self._go_on()
            with self._lock:
                self._progress.advance(own.id, count)
                self._progress.advance(self._all.id, count)

        def found(count: int) -> None:
            with self._lock:  # not as an advance, which would count for the rate
                own.completed += count
                self._all.completed += count

        def doing(what: str) -> None:
            self._go_on()
            self._progress.update(own.id, description=f"{title} ({what})")

        try:
            task.run(Watch(patience, moved, found, doing))
        finally:
            self._progress.remove_task(own.id)

    def pause(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self._go_on()

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt

    def _bar(self, title: str, length_bytes: int) -> Bar:
        made = self._progress.add_task(title, total=length_bytes)
        return next(bar for bar in self._progress.tasks if bar.id == made)


def _progress(*, quiet: bool) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
        transient=True,
    )
