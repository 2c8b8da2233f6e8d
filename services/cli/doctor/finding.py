"""What a check finds: one sentence, a verdict, and the next step where there is one to take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_KIB = 1024
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class Verdict(StrEnum):
    """`NOTE` is worth knowing and needs no hand; `MEND` does."""

    FINE = "fine"
    NOTE = "note"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """`area` groups findings; `next` says what to do, None where nothing is to be done."""

    area: str
    verdict: Verdict
    text: str
    next: str | None = None

    def to_json(self) -> Mapping[str, str | None]:
        return {"area": self.area, "verdict": str(self.verdict), "text": self.text, "next": self.next}


def fine(area: str, text: str) -> Finding:
    return Finding(area, Verdict.FINE, text)


def note(area: str, text: str, then: str | None = None) -> Finding:
    return Finding(area, Verdict.NOTE, text, then)


def mend(area: str, text: str, then: str) -> Finding:
    return Finding(area, Verdict.MEND, text, then)


def needs_mending(findings: Iterable[Finding]) -> bool:
    return any(finding.verdict is Verdict.MEND for finding in findings)


def size_text(size_bytes: int) -> str:
    """A size as people say it."""
    size = float(size_bytes)
    for unit in _UNITS:
        if size < _KIB or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= _KIB
    raise AssertionError


def age_text(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    passed = max(now - moment, timedelta())
    for unit, length in (
        ("days", timedelta(days=2)),
        ("hours", timedelta(hours=2)),
        ("minutes", timedelta(minutes=2)),
    ):
        if passed >= length:
            return f"{passed // (length / 2)} {unit}"
    return f"{passed // timedelta(seconds=1)} seconds"
