"""Disclosed personal values, each checked against the commitment in its event.

Lines follow the order of the events, so that one line is held at a time. That a value was erased cannot be
proven by its absence: erased values are counted as the server's own statement.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from services.audit.offline import canonical
from services.audit.offline.errors import DisclosureError, FormatError
from services.audit.offline.events import Event, commitment

MAX_DISCLOSED_BYTES = 65_536

_DISCLOSED_FIELDS = frozenset({"event", "field", "value", "salt"})
_ERASED_FIELDS = frozenset({"event", "field", "erased"})


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One line: the event's id, the field's name, and the commitment its value gives (None: erased)."""

    event: str
    field: str
    commitment_hex: str | None


def build_disclosed(event: str, field: str, value: str, salt: bytes) -> bytes:
    """Exact bytes of the line that discloses a value.

    Args:
        event: the event's id.
        field: the name under which the event's `pii` holds the commitment.
        value: the personal value.
        salt: the 32 bytes the commitment was made with.
    """
    encoded = base64.b64encode(salt).decode()
    return canonical.encode({"event": event, "field": field, "value": value, "salt": encoded})


def build_erased(event: str, field: str) -> bytes:
    """Exact bytes of the line that says a value was erased."""
    return canonical.encode({"event": event, "field": field, "erased": True})


class Disclosures:
    """Checks the disclosed lines of one event after the other."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = enumerate(lines, 1)
        self._next = self._read()
        self.disclosed = 0
        self.erased = 0
        self.withheld = 0

    def take(self, event: Event) -> None:
        """Check every line about `event`, which comes next in the bundle.

        Raises:
            DisclosureError: a value is not what the event committed to, or its line is not in form or order.
        """
        previous = ""
        pending = dict(event.commitments)
        while self._next is not None and self._next.event == event.id:
            line = self._next
            committed = pending.pop(line.field, None)
            if committed is None or line.field <= previous:
                raise DisclosureError("A disclosed value is of no field of its event, or out of order.")
            if line.commitment_hex not in {None, committed}:
                raise DisclosureError("A disclosed value is not the one its event committed to.")
            self.disclosed += line.commitment_hex is not None
            self.erased += line.commitment_hex is None
            previous, self._next = line.field, self._read()
        self.withheld += len(pending)

    def finish(self) -> None:
        """Check that every line was about an event of the bundle, in the events' order.

        Raises:
            DisclosureError: a line is left.
        """
        if self._next is not None:
            raise DisclosureError("A disclosed value belongs to no event of the bundle, or is out of order.")

    def _read(self) -> Disclosed | None:
        number, raw = next(self._lines, (0, None))
        if raw is None:
            return None
        try:
            return _parse(raw)
        except FormatError as exc:
            raise DisclosureError(f"Line {number} of disclosed.ndjson is not in form. {exc}") from exc


def _parse(raw: bytes) -> Disclosed:
    fields = canonical.decode(raw, MAX_DISCLOSED_BYTES)
    event, field = fields.get("event"), fields.get("field")
    if not isinstance(event, str) or not isinstance(field, str):
        raise FormatError("It does not name an event and a field.")
    if fields.keys() == _ERASED_FIELDS and fields["erased"] is True:
        return Disclosed(event, field, None)
    value, salt = fields.get("value"), fields.get("salt")
    if fields.keys() != _DISCLOSED_FIELDS or not isinstance(value, str) or not isinstance(salt, str):
        raise FormatError("It has other fields than a disclosed value has.")
    return Disclosed(event, field, commitment(canonical.decode_base64(salt), value).hex())
