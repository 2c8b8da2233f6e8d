"""Checkpoints (C2SP tlog-checkpoint): the signed statement of a log's size and root hash.

Redwell's profile of the specification: the origin is visible ASCII and equals the name of the key that signs;
there are no extension lines, because nobody could audit them.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from services.audit.offline import note
from services.audit.offline.canonical import MAX_INTEGER, decode_base64
from services.audit.offline.errors import FormatError
from services.audit.offline.leaves import ORIGIN
from services.audit.offline.merkle import HASH_BYTES
from services.audit.offline.note import VerifierKey

_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's name, its number of leaves and its 32-byte RFC 6962 root hash."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not ORIGIN.fullmatch(self.origin) or not 0 <= self.size <= MAX_INTEGER:
            raise FormatError("The checkpoint's origin or size is not in form.")
        if len(self.root) != HASH_BYTES:
            raise FormatError("The checkpoint's root hash is not 32 bytes.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a checkpoint's text (the note without its signatures).

        Raises:
            FormatError: not exactly origin, size and root, one line each.
        """
        match = _BODY.fullmatch(text)
        if match is None:
            raise FormatError("The checkpoint is not exactly origin, size and root hash.")
        return cls(match[1], int(match[2]), decode_base64(match[3]))

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, key: VerifierKey, sign: Callable[[bytes], bytes]) -> bytes:
    """Bytes of the signed note that publishes `checkpoint`.

    Args:
        checkpoint: what is stated; its origin must be the key's name.
        key: public half of the signing key.
        sign: Ed25519 signing of the message it is given; returns 64 bytes.

    Raises:
        FormatError: the key's name is not the checkpoint's origin.
        SignatureError: what `sign` returned does not verify under `key`.
    """
    _require_own(checkpoint, key)
    return note.sign_note(str(checkpoint), key, sign)


def verify_checkpoint(raw: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a signed note, once its signature and origin are checked.

    Raises:
        FormatError: not a checkpoint, or of another log than the key's.
        SignatureError: `key` did not sign it.
    """
    checkpoint = Checkpoint.parse(note.verify_note(raw, key))
    _require_own(checkpoint, key)
    return checkpoint


def _require_own(checkpoint: Checkpoint, key: VerifierKey) -> None:
    if checkpoint.origin != key.name:
        raise FormatError("The checkpoint is of another log than the key that signs it.")
