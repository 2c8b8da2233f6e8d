"""Many files at once: each is tried again when the line breaks, and one that fails leaves others alone."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

import httpx
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from clients.python.redwell_client import EndedEarlyError, ProblemError
from services.cli.files.places import visible

PASSING = frozenset({423, 429, 503})
"""Statuses of what may be different in a moment."""

Result = TypeVar("Result")
Moved = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One file. `run` is given what to tell of the bytes that moved, and may be called again."""

    title: str
    length_bytes: int
    run: Callable[[Moved], None]


def with_patience(run: Callable[[], Result], pause: Callable[[float], None] = time.sleep) -> Result:
    """The result of `run`, which is tried again after what may pass."""
    for wait in (1.0, 3.0, 9.0):
        try:
            return run()
        except (httpx.TransportError, EndedEarlyError):
            pause(wait)
        except ProblemError as refused:
            if refused.status not in PASSING:
                raise
            pause(wait)
    return run()


def run_all(tasks: Iterable[Task], jobs: int, *, quiet: bool) -> None:
    """Run each task, `jobs` at a time, with a bar for all and one for each that is under way."""
    listed, stop = list(tasks), Event()
    with _progress(quiet=quiet) as progress, ThreadPoolExecutor(jobs) as pool:
        bars = _Bars(progress, progress.add_task("all", total=sum(task.length_bytes for task in listed)))
        under_way = [pool.submit(bars.run, task, stop) for task in listed]
        try:
            for done in as_completed(under_way):
                done.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


@dataclass(frozen=True, slots=True)
class _Bars:
    progress: Progress
    total: TaskID

    def run(self, task: Task, stop: Event) -> None:
        own = self.progress.add_task(visible(task.title), total=task.length_bytes)

        def moved(count: int) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            self.progress.advance(own, count)
            self.progress.advance(self.total, count)

        try:
            task.run(moved)
        finally:
            self.progress.remove_task(own)


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
