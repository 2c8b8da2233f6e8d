"""Where a refresh token lies between commands: the keyring of the system, or the file of the session.

The keyring is the Secret Service, macOS's or Windows's, by the library of that name. Where it works it is
taken, unless one says otherwise; where there is none, as on most servers, the file is.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE: Final = "redwell"
_PROBE: Final = "probe"
_RECOMMENDED: Final = 1
"""The library's own mark of keyrings that are fit for secrets; some of lower ones write them in clear."""


class Store(StrEnum):
    AUTO = "auto"
    KEYRING = "keyring"
    FILE = "file"


class KeyringUnusableError(Exception):
    """One sentence on why the keyring does not keep or give a token."""


def choose(store: Store) -> bool:
    """Whether the keyring is to be used. It is tried, so that none fails after one has signed in.

    Raises:
        KeyringUnusableError: it was asked for by name, and does not work.
    """
    if store is Store.FILE:
        return False
    try:
        least = _RECOMMENDED if store is Store.AUTO else 0.1
        _try(least)
    except KeyringUnusableError:
        if store is Store.KEYRING:
            raise
        return False
    return True


def put(login: str, token: str) -> None:
    """Keep the token of a sign-in (raises KeyringUnusableError)."""
    try:
        _keyring().set_password(_SERVICE, login, token)
    except Exception as error:  # each keyring has errors of its own
        raise KeyringUnusableError(f"The keyring does not keep the session: {error}") from error


def take(login: str) -> str | None:
    """The token of a sign-in, if the keyring has one (raises KeyringUnusableError)."""
    try:
        return _keyring().get_password(_SERVICE, login)
    except Exception as error:  # each keyring has errors of its own
        raise KeyringUnusableError(f"The keyring does not give the session: {error}") from error


def remove(login: str) -> None:
    """Forget the token of a sign-in, if there is one (raises KeyringUnusableError)."""
    if take(login) is None:
        return
    try:
        _keyring().delete_password(_SERVICE, login)
    except Exception as error:  # each keyring has errors of its own
        raise KeyringUnusableError(f"The keyring does not forget the session: {error}") from error


def _try(least: float) -> None:
    backend = _keyring()
    if backend.priority < least:
        raise KeyringUnusableError("There is no keyring here that is fit for secrets")
    put(_PROBE, _PROBE)
    if take(_PROBE) != _PROBE:
        raise KeyringUnusableError("The keyring does not give back what it was given")
    remove(_PROBE)


def _keyring() -> "KeyringBackend":
    try:
        import keyring

        return keyring.get_keyring()
    except Exception as error:  # not installed, or told to load what is not there
        raise KeyringUnusableError(f"There is no keyring here: {error}") from error
