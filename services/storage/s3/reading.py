"""Objects are read by an address that boto3 signs and a pooled connection fetches, in the store's threads.

Half of what boto3's own get costs for a small object, and no more for a large one. The address opens the
object for a minute to whoever has it, so it leaves this module only for the server: it is in no error, and
`kernel.logs` keeps urllib3 below the level at which it would log one.
"""

import base64
import hashlib
import re
import time
from typing import Final

import urllib3
from botocore.httpsession import get_cert_path

from services.storage.protocol import MAX_OBJECT_BYTES
from services.storage.s3.client import S3Calls
from services.storage.s3.errors import AlteredError, TransientError, refusal
from services.storage.s3.options import S3Options

SIGNED_SECONDS: Final = 60
CHECKSUM_HEADER: Final = "x-amz-checksum-sha256"
_ASKED: Final = {"x-amz-checksum-mode": "ENABLED"}
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_OK: Final = 200
_PIECE_BYTES: Final = 1024 * 1024
_MOST_ERROR_BYTES: Final = 64 * 1024


class Reader:
    """Reads whole objects; safe to use from `connections` threads."""

    def __init__(self, options: S3Options, calls: S3Calls) -> None:
        limits = options.limits
        self._calls = calls
        self._operation_seconds = limits.operation_seconds
        self._pool = urllib3.PoolManager(
            maxsize=limits.connections,
            timeout=urllib3.Timeout(connect=limits.connect_seconds, read=limits.stall_seconds),
            retries=False,
            cert_reqs="CERT_REQUIRED",
            ca_certs=str(options.ca) if options.ca else get_cert_path(True),
        )

    def close(self) -> None:
        self._pool.clear()

    def read(self, told: dict[str, object], what: str) -> bytes:
        """One attempt.

        Args:
            told: bucket and key.
            what: the object as errors name it.

        Raises:
            ObjectMissingError, StoreUnavailableError: as `ObjectStore.get`.
        """
        asked = {**told, "ChecksumMode": "ENABLED"}
        address = self._calls.generate_presigned_url("get_object", Params=asked, ExpiresIn=SIGNED_SECONDS)
        try:
            answer = self._pool.request("GET", address, headers=_ASKED, preload_content=False, redirect=False)
            try:
                found = answer.status == _OK
                data = self._bounded(answer, MAX_OBJECT_BYTES + 1 if found else _MOST_ERROR_BYTES)
            finally:
                answer.close()  # what was read to its end is back in the pool already
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            # The causes of these repeat the address.
            raise TransientError(f"The store did not answer for {what}: {type(exc).__name__}.") from None
        if not found:
            code = _CODE.search(data)
            raise refusal(answer.status, code[1].decode() if code else "", what)
        _require_unaltered(data, answer.headers.get(CHECKSUM_HEADER), what)
        return data

    def _bounded(self, answer: urllib3.BaseHTTPResponse, room: int) -> bytes:
        """What comes, as it comes, so that a server which sends a byte now and then is not waited for."""
        ends_at = time.monotonic() + self._operation_seconds
        pieces: list[bytes] = []
        while room and (piece := answer.read1(min(room, _PIECE_BYTES), decode_content=False)):
            pieces.append(piece)
            room -= len(piece)
            if time.monotonic() > ends_at:
                raise TimeoutError
        if room:
            answer.drain_conn()
        return b"".join(pieces)


def _require_unaltered(data: bytes, checksum: str | None, what: str) -> None:
    """Return if `data` is what the server says that it holds, or the server does not say."""
    if checksum is not None and len(data) <= MAX_OBJECT_BYTES and checksum_of(data) != checksum:
        raise AlteredError(f"What the store sent for {what} is not what it holds.", data)


def checksum_of(data: bytes | bytearray | memoryview) -> str:
    """SHA-256 as S3's headers have it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
