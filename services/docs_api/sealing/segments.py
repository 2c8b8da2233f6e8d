"""Segments: at most 8 MiB of plaintext, each one sealed message and one object in the store.

A segment is one Cobblestone-256 message (C2SP chunked-encryption, SHA-512 and AES-256-GCM)::

    salt (24 random bytes) || commitment (32) || chunks of 16 KiB, each with its tag (16), the last shorter

under the version's data key and the segment's context. The salt is new for every message, so nothing is
ever sealed twice under one nonce, however an upload stops and resumes; the commitment binds the message to
one key; the short last chunk shows a truncation. There is no cipher loop here and no state to keep: a
public library opens a segment.

Sealing and opening take about a millisecond per MiB and release the interpreter lock: up to 64 KiB belongs
in line, a MiB or more in a thread.
"""

import hashlib
from typing import Final, TypeAlias

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from services.docs_api.sealing.context import SegmentContext
from services.keys.wrapping import SecretKey

SEGMENT_BYTES: Final = 8 * 1024 * 1024
CHUNK_BYTES: Final = 16 * 1024
TAG_BYTES: Final = 16
SALT_BYTES: Final = 24
HEADER_BYTES: Final = SALT_BYTES + 32

Bytes: TypeAlias = bytes | bytearray | memoryview


class SealError(Exception):
    """A segment did not open: altered, truncated, extended, swapped, or under another key."""

    def __init__(self, context: SegmentContext, why: str) -> None:
        super().__init__(f"Segment {context.ordinal} of version {context.version} {why}.")
        self.context = context


def sealed_length(plaintext_bytes: int) -> int:
    """Bytes of the sealed object for so many bytes of plaintext."""
    return HEADER_BYTES + plaintext_bytes + TAG_BYTES * (plaintext_bytes // CHUNK_BYTES + 1)


MAX_SEALED_BYTES: Final = sealed_length(SEGMENT_BYTES)
# Slack for the encryptor, which asks for room for a chunk it may still be holding.
BUFFER_BYTES: Final = MAX_SEALED_BYTES + 2 * (CHUNK_BYTES + TAG_BYTES)


def new_buffer() -> bytearray:
    """Memory for one sealed segment, to be handed to one sealer after another."""
    return bytearray(BUFFER_BYTES)


class SegmentSealer:
    """Seals one segment piece by piece.

    Args:
        data_key: the version's data key.
        context: where the segment belongs.
        buffer: memory from `new_buffer` that nothing else uses until the sealed bytes are stored;
            a new one if none is given.
    """

    def __init__(self, data_key: SecretKey, context: SegmentContext, buffer: bytearray | None = None) -> None:
        self.plaintext_bytes = 0
        self._encryptor = Cobblestone256Encryptor(data_key.material, context.to_bytes())
        self._sealed = memoryview(new_buffer() if buffer is None else buffer)
        self._sealed_digest = hashlib.sha256()
        self._filled = 0

    @property
    def room_bytes(self) -> int:
        """Plaintext bytes the segment can still take."""
        return SEGMENT_BYTES - self.plaintext_bytes

    def update(self, piece: Bytes) -> None:
        """Seal the next bytes of plaintext.

        Raises:
            ValueError: the segment would be longer than 8 MiB.
        """
        if len(piece) > self.room_bytes:
            raise ValueError("The segment is full.")
        begun = self._filled
        self._filled += self._encryptor.update_into(piece, self._sealed[begun:])
        # Here, while the processor still has the bytes at hand.
        self._sealed_digest.update(self._sealed[begun : self._filled])
        self.plaintext_bytes += len(piece)

    def finalize(self) -> memoryview:
        """The whole sealed segment: a view into the buffer, good until the buffer is used again."""
        tail = self._encryptor.finalize()
        end = self._filled + len(tail)
        self._sealed[self._filled : end] = tail
        self._sealed_digest.update(tail)
        return self._sealed[:end].toreadonly()

    @property
    def sealed_sha256(self) -> bytes:
        """The digest of the whole sealed segment, once it is finalized."""
        return self._sealed_digest.digest()


def seal_segment(data_key: SecretKey, context: SegmentContext, plaintext: Bytes) -> bytes:
    """Seal a whole segment at once.

    Raises:
        ValueError: more than 8 MiB.
    """
    if len(plaintext) > SEGMENT_BYTES:
        raise ValueError("A segment holds at most 8 MiB.")
    encryptor = Cobblestone256Encryptor(data_key.material, context.to_bytes())
    return encryptor.update(plaintext) + encryptor.finalize()


def open_segment(data_key: SecretKey, context: SegmentContext, sealed: Bytes) -> bytearray:
    """The plaintext of a segment, once all of it is known to be genuine.

    Raises:
        SealError: anything is not as it was sealed; no plaintext is given out.
    """
    if len(sealed) > MAX_SEALED_BYTES:
        raise SealError(context, "is longer than a segment can be")
    decryptor = Cobblestone256Decryptor(data_key.material, context.to_bytes())
    # Opened in place: putting the last chunk behind the rest would copy all of the rest.
    plaintext = bytearray(len(sealed))
    try:
        filled = decryptor.update_into(sealed, plaintext)
        tail = decryptor.finalize()
    except InvalidTag as exc:
        raise SealError(context, "is not what was sealed") from exc
    plaintext[filled:] = tail
    return plaintext
