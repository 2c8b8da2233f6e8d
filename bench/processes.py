"""What the processes of an instance have used, as the kernel counted it (proc(5))."""

import os
from pathlib import Path

from tests.harness.instance import Instance

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(instance: Instance) -> float:
    """User and system time of everything below the supervisor, and its own: workers and Postgres."""
    assert instance.process is not None
    return sum(_cpu(pid) for pid in _family(instance.process.pid))


def _family(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            found.extend(map(int, _read(children).split()))
    return found


def _cpu(pid: int) -> float:
    """Its own, and what its ended children had used; nothing if it has ended meanwhile."""
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
