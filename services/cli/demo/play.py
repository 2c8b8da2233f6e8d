"""`redwell demo`: start an instance, play the story, say what came of it, and clean up."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

import httpx

from clients.python.redwell_client import RedwellClientError
from services.cli.demo import access, by_hand, exchange, officer
from services.cli.demo.files import CaseFile, FilesError, gather, paths_of
from services.cli.demo.instance import InstanceError, Throwaway, throwaway
from services.cli.demo.people import make_cast
from services.cli.demo.refusals import Refusals
from services.cli.demo.result import Findings
from services.cli.demo.show import Show, console
from services.cli.demo.story import Story, gather_people, open_matter

AS_EXPECTED, WRONG, INTERRUPTED = 0, 1, 130
INTRODUCTION = (
    "A law firm puts case files in. A paralegal of its outsourcing provider takes out what a grant allows, "
    "and is refused the rest. A compliance officer proves who saw what. Everything is real: servers, "
    "database, encryption, signatures. It happens on this machine, in a temporary folder that is removed at "
    "the end."
)


CHAPTERS: tuple[Callable[[Story], None], ...] = (
    gather_people,
    open_matter,
    exchange.upload,
    exchange.look_at_disk,
    access.grant,
    access.sign_in,
    exchange.fetch,
    access.be_refused,
    access.revoke,
    officer.search_log,
    officer.prove,
)


class DemoError(Exception):
    """One sentence on why the story was not played to its end."""


def play(words: Sequence[str], *, as_json: bool, keep: bool) -> int:
    """Play the demo with these files or folders; returns the exit status.

    Raises:
        DemoError: it could not be played.
    """
    show, findings, began = Show(console(to_stderr=as_json)), Findings(), time.monotonic()
    try:
        with _stoppable() as check:
            _play(gather(paths_of(words), show.say), show, findings, check, keep=keep)
    except KeyboardInterrupt:
        show.say("Stopped. Nothing is left behind.")
        return INTERRUPTED
    except (FilesError, InstanceError) as error:
        raise DemoError(str(error)) from error
    except (RedwellClientError, httpx.HTTPError) as error:
        raise DemoError(f"A step that must work did not: {error}") from error
    findings.result.seconds = round(time.monotonic() - began, 1)
    _conclude(show, findings)
    if as_json:
        print(findings.to_json())
    return WRONG if findings.wrong else AS_EXPECTED


def _play(
    files: Sequence[CaseFile], show: Show, findings: Findings, check: Callable[[], None], *, keep: bool
) -> None:
    show.title("Redwell", INTRODUCTION)
    with contextlib.ExitStack() as stack:
        with show.waiting("starting an instance: database, keys, certificate, services"):
            content_bytes = sum(file.length_bytes for file in files)
            instance = stack.enter_context(throwaway(content_bytes))
        show.done("Redwell", f"serves {instance.url} with a certificate made for it.")
        story = _story(instance, files, show, findings)
        for chapter in CHAPTERS:
            check()
            chapter(story)
        check()
        if keep:
            instance.keep()
        by_hand.show_curl(story)
        if keep:
            by_hand.show_kept(story)


def _story(instance: Throwaway, files: Sequence[CaseFile], show: Show, findings: Findings) -> Story:
    refusals = Refusals(show, findings)
    return Story(instance, files, make_cast(instance), show, findings, refusals)


def _conclude(show: Show, findings: Findings) -> None:
    result = findings.result
    show.chapter("In short")
    show.table(
        ("", ""),
        [
            ("files put in", str(result.uploaded)),
            ("files fetched, equal byte for byte", str(result.fetched)),
            ("refusals in the firm's log", str(result.denied)),
            ("events in the firm's log", str(result.events)),
            ("sealed objects on the disk", str(result.sealed)),
            ("bundle verified offline", "yes" if result.verified else "NO"),
            ("forgery detected", "yes" if result.tamper_detected else "NO"),
            ("seconds", f"{result.seconds:.1f}"),
        ],
    )
    for sentence in findings.wrong:
        show.wrong(sentence)


@contextlib.contextmanager
def _stoppable() -> Iterator[Callable[[], None]]:
    """Ctrl-C, SIGTERM and a closed terminal end the demo, with everything cleaned up.

    Yields what raises `KeyboardInterrupt` once it was asked to end. It is called between the chapters,
    because Python drops what a signal's handler raises inside a finalizer or a callback of an import.
    """
    numbers, asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), threading.Event()

    def interrupt(_number: int, _frame: object) -> NoReturn:
        asked.set()
        raise KeyboardInterrupt

    def check() -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
