import subprocess
import sys
from pathlib import Path

import pytest

from services.host.locks import FileLock


def test_a_lock_is_exclusive_until_released(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire(timeout_seconds=0.05)
    first.release()
    assert second.acquire()
    second.release()


def test_an_inheritor_keeps_the_lock_held(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.acquire()
    heir = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        pass_fds=[lock.fileno()],
    )
    with heir:
        lock.release()
        assert not FileLock(tmp_path / "lock").acquire()
        heir.communicate()
    with FileLock(tmp_path / "lock") as again:
        assert again.acquire()


def test_a_lock_is_not_taken_through_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        FileLock(tmp_path / "lock").acquire()


def test_an_unlocked_file_has_no_descriptor(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not locked"):
        FileLock(tmp_path / "lock").fileno()
