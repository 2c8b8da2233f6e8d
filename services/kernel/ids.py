"""Identifiers: UUIDv7 (RFC 9562 section 5.7), made here because Postgres 15 to 17 cannot."""

import secrets
from datetime import datetime
from uuid import UUID

PLATFORM = UUID("00000000-0000-7000-8000-000000000000")
"""The platform organization: a public constant, so that its tree is known before any row is read."""


def new_id(now: datetime) -> UUID:
    """A UUIDv7 whose first 48 bits are `now` in milliseconds. Ids order rows; they are never secrets."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
