"""Single-use secrets of 256 bits: invitation, challenge, refresh token, device. Only their SHA-256 is kept.

The prefix says what a secret is for, to people who find one and to scanners; it is part of what is hashed.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

_SECRET_BYTES = 32


class CodeKind(StrEnum):
    INVITATION = "rw_inv_"
    CHALLENGE = "rw_ch_"
    REFRESH = "rw_rt_"
    DEVICE = "rw_dev_"


@dataclass(frozen=True, slots=True)
class Code:
    """A new secret: `text` goes to its holder once, `sha256` into the table."""

    text: str = field(repr=False)
    sha256: bytes


def new_code(kind: CodeKind) -> Code:
    text = kind + secrets.token_urlsafe(_SECRET_BYTES)
    return Code(text, digest_of(text))


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
