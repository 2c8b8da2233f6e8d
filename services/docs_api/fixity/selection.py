"""What a verification is asked to read, and how fast."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

_UNITS: Final = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_RATE: Final = re.compile(r"([1-9][0-9]{0,5})(KiB|MiB|GiB)(/s)?")


@dataclass(frozen=True, slots=True)
class Selection:
    """None: not bounded by it. `since_days`: what was found well within so many days is left out.

    `opened`: content is opened with its keys too, and its digest compared.
    """

    firm: UUID | None = None
    matter: UUID | None = None
    version: UUID | None = None
    since_days: int | None = None
    opened: bool = True

    @property
    def every_object(self) -> bool:
        """Whether nothing that lies in the store is left out by what it belongs to."""
        return (self.firm, self.matter, self.version) == (None, None, None)

    @property
    def whole(self) -> bool:
        return self.every_object and self.since_days is None

    @property
    def text(self) -> str:
        """The same for equal selections: a run that was interrupted is found by it."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(told, sort_keys=True, default=str)

    def found_well_before(self, started_at: datetime) -> datetime | None:
        """Only what was not found well at or after this time is read; None: all of it."""
        return None if self.since_days is None else started_at - timedelta(days=self.since_days)


def bytes_a_second(told: str) -> int:
    """The rate that `50MiB/s` means.

    Raises:
        ValueError: it is not a number with one of the units KiB, MiB and GiB.
    """
    found = _RATE.fullmatch(told)
    if found is None:
        raise ValueError("A rate is a number and KiB/s, MiB/s or GiB/s, such as 50MiB/s.")
    return int(found[1]) * _UNITS[found[2]]
