"""Who one is between commands: a refresh token, in the keyring or in a file that only oneself can read.

A refresh token is good for one use, so commands at the same time take turns, and whoever is next reads what
the one before has written.
"""

import contextlib
import functools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from clients.python.redwell_client import ProblemError, Redwell, RedwellClientError, Tokens
from clients.python.redwell_client.locking import exclusive
from clients.python.redwell_client.proof_key import ProofKey
from services.cli.files import keeping
from services.cli.pins import own_folder

RENEW_AFTER_SECONDS = 240.0
"""Access tokens live for ten minutes; a transfer that begins with a young one is admitted."""
KEEP_ALIVE_SECONDS = 1800.0
"""A session idles out after an hour; each renewal is a risk on a bad line, as a refresh token works once."""


_UNPROVED = "The proof of this session's key was refused; is the clock here right to the minute?"


class NotSignedInError(Exception):
    """One sentence on why, and what to do."""


class SessionOverError(NotSignedInError):
    """The session has ended there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What lies in the file. Where the keyring has the refresh token, the file has none."""

    url: str
    ca: str | None
    refresh: str
    acting_for: str
    login: str
    """Which sign-in it is of."""
    in_keyring: bool = False
    key: str | None = None
    """The key that the session is bound to, if it is; PEM."""

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
        self._renew_after(RENEW_AFTER_SECONDS)

    def renew_since(self, moment: float) -> bool:
        """Have an access token of after this moment, as one of before was refused (raises as `renew`)."""
        self._renew_after(time.monotonic() - moment)
        return True

    def keep_alive(self) -> None:
        """Keep the session from idling out while something runs that needs none itself."""
        with contextlib.suppress(NotSignedInError, RedwellClientError, httpx.HTTPError):
            self._renew_after(KEEP_ALIVE_SECONDS)

    @functools.cached_property
    def member_id(self) -> str:
        return str(self.client.call("GET", "/v1/me")["id"])

    def _renew_after(self, seconds: float) -> None:
        with self._lock:
            if time.monotonic() - self._renewed < seconds:
                return
            with exclusive(session_file().with_suffix(".lock")):
                kept = read()
                if kept.login != self._login:
                    raise NotSignedInError("Somebody signed in anew meanwhile; run the command again.")
                # Others may be using the old access token meanwhile.
                access = self.client.tokens.access if self.client.tokens else ""
                self.client.tokens = Tokens(access, kept.refresh, kept.acting_for, bool(kept.key))
                try:
                    self.client.refresh()
                except ProblemError as refused:
                    if refused.status != 401:  # noqa: PLR2004 -- the refusal itself
                        raise
                    if refused.slug == "proof-refused":
                        raise NotSignedInError(_UNPROVED) from refused
                    raise SessionOverError("The session has ended; sign in with redwell login.") from refused
                keep(kept, self.client.tokens)
            self._renewed = time.monotonic()


@contextlib.contextmanager
def signed_in() -> Iterator[SignedIn]:
    """Whoever signed in last.

    Raises:
        NotSignedInError: nobody did, or the session has ended.
    """
    kept = read()
    with Redwell(kept.url, ca=Path(kept.ca) if kept.ca else None, key=_key(kept)) as client:
        person = SignedIn(client, kept.login)
        person.renew()
        yield person


def session_file() -> Path:
    return own_folder() / "session.json"


def uploads_file() -> Path:
    return own_folder() / "uploads.json"


def read() -> Kept:
    """What was kept (raises NotSignedInError: nothing, or it cannot be had or believed)."""
    try:
        told = json.loads(_read_privately(session_file()))
        refresh = told.pop("refresh", None)
        in_keyring = refresh is None
        if in_keyring:
            refresh = keeping.take(told["login"]) or ""
        kept = Kept(refresh=refresh, in_keyring=in_keyring, **told)
    except FileNotFoundError:
        raise NotSignedInError("Nobody is signed in here; sign in with redwell login.") from None
    except keeping.KeyringUnusableError as error:
        raise NotSignedInError(f"{error}. Unlock it, or sign in with redwell login.") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NotSignedInError(f"{session_file()} cannot be read; sign in with redwell login.") from error
    if not kept.refresh:
        raise NotSignedInError("The keyring has no session any more; sign in with redwell login.")
    return kept


def keep(session: Kept, tokens: Tokens | None) -> None:
    """Write the file anew with these tokens, whole or not at all.

    The refresh token lies there or in the keyring, never both; the key that goes with it lies in the file.

    Raises:
        NotSignedInError: the keyring does not take it.
    """
    assert tokens is not None
    kept = asdict(session) | {"refresh": tokens.refresh, "acting_for": tokens.acting_for}
    for absent in ("in_keyring", *(["key"] if session.key is None else [])):
        del kept[absent]
    if session.in_keyring:
        try:
            keeping.put(session.login, kept.pop("refresh"))
        except keeping.KeyringUnusableError as error:
            raise NotSignedInError(f"{error}. Sign in with redwell login.") from error
    write_privately(session_file(), json.dumps(kept))


def _read_privately(file: Path) -> str:
    """The text of a file that only oneself can read.

    Raises:
        NotSignedInError: others can.
    """
    with file.open() as opened:
        open_to_others = os.fstat(opened.fileno()).st_mode & 0o077
        if open_to_others and sys.platform != "win32":
            raise NotSignedInError(
                f"{file} is open to others here; sign in with redwell login, or close it (chmod 600)."
            )
        return opened.read()


def _key(kept: Kept) -> ProofKey | None:
    try:
        return ProofKey.from_pem(kept.key) if kept.key else None
    except ValueError as error:
        raise NotSignedInError(f"{session_file()} holds no key; sign in with redwell login.") from error


def write_privately(file: Path, text: str) -> None:
    """Write a file that only oneself can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = file.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    written.replace(file)


def forget() -> None:
    """Forget the session, and the uploads that went on in it: none outlives its end."""
    forget_token()
    for file in (session_file(), uploads_file()):
        file.unlink(missing_ok=True)


def forget_token() -> None:
    """Take what the keyring has of the session that was kept last, if it has anything."""
    try:
        told = json.loads(session_file().read_text())
        if "refresh" not in told:
            keeping.remove(str(told["login"]))
    except (OSError, ValueError, TypeError, KeyError, keeping.KeyringUnusableError):
        return  # what cannot be had cannot be used either
