"""Where a segment belongs, in bytes that are authenticated with it.

The context of one segment is exactly 98 bytes::

    "redwell/segment/v1" (18) || tenant (16) || matter (16) || document (16) || version (16)
        || ordinal (8, big-endian) || offset (8, big-endian)

The length is not part of it: the message itself ends in a short chunk, and the version's row pins it.
"""

import struct
from dataclasses import dataclass
from typing import Final
from uuid import UUID

LABEL: Final = b"redwell/segment/v1"


@dataclass(frozen=True, slots=True)
class SegmentContext:
    """The one place a sealed segment opens in.

    Attributes:
        tenant: the firm whose document it is.
        matter: the matter it is filed in.
        document: the document.
        version: the immutable version of it.
        ordinal: number of the segment in its version, from 0.
        offset: plaintext bytes of the version before this segment.
    """

    tenant: UUID
    matter: UUID
    document: UUID
    version: UUID
    ordinal: int
    offset: int

    def to_bytes(self) -> bytes:
        """The canonical bytes above."""
        ids = (self.tenant, self.matter, self.document, self.version)
        return LABEL + b"".join(each.bytes for each in ids) + struct.pack(">QQ", self.ordinal, self.offset)
