"""Where the Postgres socket lies: beside the cluster, or else in a short, predictable, private folder."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from services.host.accounts import ServerAccount
from services.host.errors import PostgresError

PORT = 5432
SOCKET_FILE = f".s.PGSQL.{PORT}"
# sockaddr_un holds 108 bytes, the last a zero.
LONGEST_SOCKET_PATH_BYTES = 107
# A list separator in unix_socket_directories or in a connection string, or their quote.
UNUSABLE_CHARACTERS = frozenset(',"\\')


def socket_directory(root: Path, account: ServerAccount, runtime: Path | None = None) -> Path:
    """Create and return the folder for the socket, private to the account.

    Args:
        root: the folder of the cluster.
        account: who runs the server.
        runtime: the user's own runtime folder (XDG_RUNTIME_DIR), if there is one.

    Raises:
        PostgresError: somebody else already made the short folder.
    """
    directory = root / "socket"
    if not fits(directory):
        directory = _short_directory(root, runtime)
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
        raise PostgresError(f"{directory} belongs to somebody else; remove it, or choose a shorter --data.")
    directory.chmod(0o700)
    account.own(directory)
    return directory


def fits(directory: Path) -> bool:
    """Whether a socket in this folder can be bound and named in a connection string."""
    path = str(directory / SOCKET_FILE)
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH_BYTES and not UNUSABLE_CHARACTERS & set(path)


def _short_directory(root: Path, runtime: Path | None) -> Path:
    identity = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    name = f"redwell-pg-{os.geteuid()}-{identity}"
    places = [Path("/run")] if os.geteuid() == 0 else [runtime] if runtime is not None else []
    for place in places:
        if os.access(place, os.W_OK | os.X_OK) and fits(place / name):
            return place / name
    return Path(tempfile.gettempdir()) / name
