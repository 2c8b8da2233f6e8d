"""Events as the verifier reads them: the fields it relies on, and commitments to personal data.

An event is open to further fields, which the log pins through the event's exact bytes; the fields read here
must be in form. Building events belongs to `services/evidence`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.audit.offline import canonical
from services.audit.offline.errors import FormatError
from services.audit.offline.leaves import DIGEST_HEX, UUID

MAX_EVENT_BYTES = 8192
SALT_BYTES = 32
OUTCOMES = frozenset({"allowed", "denied", "failed", "info"})

_COMMITMENT_LABEL = b"redwell/pii/v1\x00"
_TYPE = re.compile(r"(?=.{1,100}\Z)[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """What the verifier needs of an event. `commitments` maps a field name to 64 hex digits."""

    id: str
    ts: str
    outcome: str
    tenant: str
    matter: str | None
    commitments: Mapping[str, str]


def commitment(salt: bytes, value: str) -> bytes:
    """The 32 bytes that stand in an event for a personal value.

    Args:
        salt: 32 random bytes, used once.
        value: the personal value; hashed as UTF-8.
    """
    if len(salt) != SALT_BYTES:
        raise FormatError(f"A salt is {SALT_BYTES} bytes.")
    return hashlib.sha256(_COMMITMENT_LABEL + salt + value.encode()).digest()


def is_instant(value: object) -> bool:
    """Whether `value` is a UTC instant in the one form the log uses, with six digits of a second."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def parse_event(raw: bytes) -> Event:
    """Read an event's exact bytes.

    Raises:
        FormatError: not canonical, longer than 8 KiB, or a field that the verifier relies on is not in form.
    """
    fields = canonical.decode(raw, MAX_EVENT_BYTES)
    if fields.get("v") is True or fields.get("v") != 1:
        raise FormatError("It is of an unknown version.")
    if not is_instant(fields.get("ts")) or _text(fields.get("outcome")) not in OUTCOMES:
        raise FormatError("Its time or outcome is not in form.")
    if not _TYPE.fullmatch(_text(fields.get("type"))):
        raise FormatError("Its type is not in form.")
    return Event(
        id=_uuid(fields.get("id")),
        ts=_text(fields["ts"]),
        outcome=_text(fields["outcome"]),
        tenant=_uuid(fields.get("tenant")),
        matter=_matter(fields),
        commitments=_commitments(fields),
    )


def _matter(fields: Mapping[str, object]) -> str | None:
    target = _object(fields, "object")
    return _uuid(target["matter"]) if "matter" in target else None


def _commitments(fields: Mapping[str, object]) -> dict[str, str]:
    commitments = {name: _text(digest) for name, digest in _object(fields, "pii").items()}
    if not all(DIGEST_HEX.fullmatch(digest) for digest in commitments.values()):
        raise FormatError("One of its commitments is not 64 lower-case hex digits.")
    return commitments


def _object(fields: Mapping[str, object], name: str) -> dict[str, object]:
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise FormatError("A field that groups others is not an object.")
    return value


def _uuid(value: object) -> str:
    if not isinstance(value, str) or not UUID.fullmatch(value):
        raise FormatError("An id is not a lower-case UUID.")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FormatError("A field that is text is not a string.")
    return value
