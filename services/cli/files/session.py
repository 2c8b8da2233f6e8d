"""Who one is between commands: a refresh token in a file that only oneself can read.

A refresh token is good for one use, so commands at the same time take turns, and whoever is next reads what
the one before has written.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from clients.python.redwell_client import ProblemError, Redwell, Tokens
from services.cli.files.locking import exclusive
from services.cli.pins import own_folder

RENEW_AFTER_SECONDS = 240.0
"""Access tokens live for ten minutes; a transfer that begins with a young one is admitted."""


class NotSignedInError(Exception):
    """One sentence on why, and what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What lies in the file."""

    url: str
    ca: str | None
    refresh: str
    acting_for: str
    login: str
    """Which sign-in it is of."""

    def __repr__(self) -> str:
        return f"Kept({self.url!r})"


class SignedIn:
    """A client whose tokens are renewed as time goes by; many threads may use it."""

    def __init__(self, client: Redwell, login: str) -> None:
        self.client = client
        self._login = login
        self._lock = threading.Lock()
        self._renewed = float("-inf")

    def renew(self) -> None:
        """Have an access token that is good for minutes.

        Raises:
            NotSignedInError: the session has ended.
        """
        with self._lock:
            if time.monotonic() - self._renewed < RENEW_AFTER_SECONDS:
                return
            with exclusive(session_file().with_suffix(".lock")):
                kept = read()
                if kept.login != self._login:
                    raise NotSignedInError("Somebody signed in anew meanwhile; run the command again.")
                self.client.tokens = Tokens("", kept.refresh, kept.acting_for)
                try:
                    self.client.refresh()
                except ProblemError as refused:
                    if refused.status != 401:  # noqa: PLR2004 -- the refusal itself
                        raise
                    raise NotSignedInError("The session has ended; sign in with redwell login.") from refused
                keep(kept.url, kept.ca, self.client.tokens, kept.login)
            self._renewed = time.monotonic()


@contextlib.contextmanager
def signed_in() -> Iterator[SignedIn]:
    """Whoever signed in last.

    Raises:
        NotSignedInError: nobody did, or the session has ended.
    """
    kept = read()
    with Redwell(kept.url, ca=Path(kept.ca) if kept.ca else None) as client:
        person = SignedIn(client, kept.login)
        person.renew()
        yield person


def session_file() -> Path:
    return own_folder() / "session.json"


def read() -> Kept:
    try:
        return Kept(**json.loads(session_file().read_text()))
    except FileNotFoundError:
        raise NotSignedInError("Nobody is signed in here; sign in with redwell login.") from None
    except (OSError, ValueError, TypeError) as error:
        raise NotSignedInError(f"{session_file()} cannot be read; sign in with redwell login.") from error


def keep(url: str, ca: str | None, tokens: Tokens | None, login: str) -> None:
    """Write the file anew, whole or not at all."""
    assert tokens is not None
    file = session_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = file.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(asdict(Kept(url, ca, tokens.refresh, tokens.acting_for, login)), opened)
        opened.flush()
        os.fsync(opened.fileno())
    written.replace(file)


def forget() -> None:
    session_file().unlink(missing_ok=True)
