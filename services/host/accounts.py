"""The operating-system account that Postgres runs as: ourselves, or for root an unprivileged one."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from services.host import launch
from services.host.errors import PostgresError

UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")


class DroppedCredentials(TypedDict, total=False):
    """Keyword arguments of subprocess.Popen that give up root."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class ServerAccount:
    """uid and gid of the server processes; `dropped` when they are not our own."""

    uid: int
    gid: int
    name: str
    dropped: bool

    def credentials(self) -> DroppedCredentials:
        """What subprocess needs to run a program as this account."""
        if not self.dropped:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def launch_ids(self) -> tuple[int, int]:
        """The ids as the launcher wants them."""
        return (self.uid, self.gid) if self.dropped else (launch.AS_I_AM, launch.AS_I_AM)

    def own(self, path: Path) -> None:
        """Hand a file or folder to this account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account(data: Path) -> ServerAccount:
    """Choose the account: the owner of an existing cluster, else ourselves, else an unprivileged one.

    Raises:
        PostgresError: the cluster belongs to somebody we cannot act as, or root finds no account to drop to.
    """
    owner = _owner(data)
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise PostgresError(
                f"{data} belongs to another user; start Redwell as that user or choose --data."
            )
        return ServerAccount(os.geteuid(), os.getegid(), _name(os.geteuid()), dropped=False)
    if owner:
        return ServerAccount(owner, data.stat().st_gid, _name(owner), dropped=True)
    return _unprivileged()


def ensure_folder(folder: Path) -> None:
    """Make a folder of ours, private; root's can be passed through by Postgres' account, but not listed.

    A folder that was there keeps its rights, except that root opens it for passing through.
    """
    passable = 0o011 if os.geteuid() == 0 else 0
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o700 | passable)
    elif passable:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | passable)


def _owner(data: Path) -> int | None:
    try:
        return data.stat().st_uid
    except FileNotFoundError:
        return None
    except PermissionError:
        raise PostgresError(
            f"{data} is not readable for this user; choose another folder with --data."
        ) from None


def _unprivileged() -> ServerAccount:
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerAccount(entry.pw_uid, entry.pw_gid, name, dropped=True)
    raise PostgresError(
        "Postgres does not run as root, and there is no account 'postgres' or 'nobody' to run it as."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
