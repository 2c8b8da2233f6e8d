"""What became of each file, for people and for programs."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import NoReturn

import httpx
import typer
from rich.console import Console
from rich.text import Text

from clients.python.redwell_client import EndedEarlyError, ProblemError
from services.cli.files.places import visible
from services.cli.files.session import NotSignedInError
from services.cli.files.work import still_running

DONE, FAILED, INTERRUPTED = 0, 1, 130
ON_FROM_HERE = "the same command goes on from here"
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state`: sent, version (a new one of what was there), fetched, skipped (it was there), failed, left."""

    path: str
    document_id: str | None
    state: str
    length_bytes: int
    sha256: str | None = None
    problem: str | None = None


@dataclass(slots=True)
class Done:
    """What became of all, and the sentence on what stopped it, if anything did before the end."""

    outcomes: list[Outcome] = field(default_factory=list)
    stopped: str | None = None
    status: int = DONE

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """What concerns no file alone stops all of them, and is told once."""
        try:
            yield
        except KeyboardInterrupt:
            self.stopped, self.status = f"Stopped; {ON_FROM_HERE}.", INTERRUPTED
        except NotSignedInError as ended:
            self.stopped, self.status = f"{ended} Then {ON_FROM_HERE}.", FAILED
        except httpx.TransportError as failure:
            reason = str(failure) or type(failure).__name__
            self.stopped, self.status = f"Redwell cannot be reached ({reason}); {ON_FROM_HERE}.", FAILED


def problem_of(failure: Exception) -> str:
    """What failed with one file, in words.

    Raises:
        NotSignedInError: the session ended, which concerns all files.
    """
    if isinstance(failure, ProblemError) and failure.status == _UNAUTHORIZED:
        raise NotSignedInError("The session has ended; sign in with redwell login.") from failure
    if isinstance(failure, EndedEarlyError):
        return f"{failure}; {ON_FROM_HERE}"
    if isinstance(failure, OSError):
        return failure.strerror or str(failure)
    return str(failure) or type(failure).__name__


def left(path: object, length_bytes: int) -> Outcome:
    """Of a file that nothing was begun with, or not all was done with, when the command stopped."""
    return Outcome(str(path), None, "left", length_bytes)


def tell(done: Done, *, as_json: bool) -> int:
    """Print it; the exit status."""
    failed = [outcome for outcome in done.outcomes if outcome.state == "failed"]
    if as_json:
        files = [asdict(outcome) for outcome in done.outcomes]
        print(json.dumps({"files": files, "failed": len(failed), "stopped": done.stopped}))
    else:
        _tell_people(done.outcomes, failed)
        if done.stopped:
            print(f"redwell: {visible(done.stopped)}", file=sys.stderr)
    return done.status or (FAILED if failed else DONE)


def leave(status: int) -> NoReturn:
    """End the command, at once if it was stopped: what lies on disks and on the server needs no farewell."""
    if still_running():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    raise typer.Exit(status)


def _tell_people(outcomes: Sequence[Outcome], failed: Sequence[Outcome]) -> None:
    console = Console(highlight=False)
    for outcome in failed:
        console.print(Text.assemble(("failed ", "bold red"), visible(f"{outcome.path}: {outcome.problem}")))
    states = [outcome.state for outcome in outcomes]
    counted = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    console.print(Text(counted or "nothing to do"))
