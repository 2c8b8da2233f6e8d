"""Where a reader is in the feed, sealed: a place in the firm's log would tell how much goes on there.

A place counts the leaves of the firm's log, which are gapless and never reordered, so that nothing which is
committed late can fall behind a reader. A sealed place opens for one person in one firm alone.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.docs_api.changes.errors import ChangesGone
from services.docs_api.keychain import Names
from services.docs_api.refusals import invalid
from services.keys.fields import FieldError

KEPT = timedelta(days=30)
_FIELD = "changes.after"


@dataclass(frozen=True, slots=True)
class Position:
    """`index`: the first leaf not looked at yet; `given_at`: when the reader was told."""

    index: int
    given_at: datetime


def seal_position(names: Names, member: UUID, position: Position) -> str:
    text = f"{position.index:016d}.{int(position.given_at.timestamp()):012d}"  # one length for all
    return base64.urlsafe_b64encode(names.seal(_FIELD, member, text)).decode().rstrip("=")


def open_position(names: Names, member: UUID, after: str, now: datetime) -> Position:
    """The place that `seal_position` made for this reader.

    Raises:
        InvalidInput: it was not given to them in this firm.
        ChangesGone: it was, too long ago.
    """
    try:
        sealed = base64.b64decode(after.encode() + b"=" * (-len(after) % 4), altchars=b"-_", validate=True)
        index, given_at = names.open(_FIELD, member, sealed).split(".")
    except (binascii.Error, ValueError, FieldError):
        raise invalid("/after", "cursor", where="query") from None
    position = Position(int(index), datetime.fromtimestamp(int(given_at), UTC))
    if now - position.given_at > KEPT:
        raise ChangesGone
    return position
