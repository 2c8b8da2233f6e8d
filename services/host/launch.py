"""Starts a program that dies with its parent, and without root's rights when told so.

Run by path in an interpreter of its own (`python -I -S launch.py PARENT SIGNAL UID GID PROGRAM ARGUMENT…`),
because the alternative, code between fork and exec, is unsafe in a process that has threads. UID and GID are
-1 for "as I am". Imports nothing from services. Source: prctl(2), PR_SET_PDEATHSIG.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
AS_I_AM = -1
PARENT_IS_GONE = 125


def drop_privileges(uid: int, gid: int) -> None:
    """Give up root for good: groups first, because afterwards there is no right to."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel for a signal when the parent thread ends; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def main(arguments: list[str]) -> None:
    parent, signal_number, uid, gid = (int(word) for word in arguments[:4])
    command = arguments[4:]
    if uid != AS_I_AM:
        drop_privileges(uid, gid)
    # After the change of user, which clears it; a parent that died before this line left us to another.
    die_with_parent(signal_number)
    if os.getppid() != parent:
        sys.exit(PARENT_IS_GONE)
    try:
        os.execv(command[0], command)  # noqa: S606 - the whole purpose; no shell
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
