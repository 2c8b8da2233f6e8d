"""How much memory the processes of an instance have had, as the kernel counted it."""

import re
from pathlib import Path

from tests.harness.instance import Instance

MIB = 1024 * 1024
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def worker_pids(instance: Instance) -> list[int]:
    """The workers below an embedded instance's supervisor."""
    assert instance.process is not None
    parent = instance.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        pid
        for pid in map(int, children)
        if b"tests.harness.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def peak_mib(pid: int) -> float:
    """The most that was resident at any moment since `restart_peak`, or ever."""
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def restart_peak(pid: int) -> None:
    """Count the peak from now on (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
