"""A steerable clock: real time plus an offset in seconds that a test writes to a file."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path


class ClockFile:
    """The steering end. The offset is read anew at each look at the clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            self.set(0)

    def set(self, seconds: float) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.path)

    def advance(self, seconds: float) -> None:
        self.set(float(self.path.read_text()) + seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.path.read_text()))


def steered(path: Path) -> Callable[[], datetime]:
    return ClockFile(path).now
