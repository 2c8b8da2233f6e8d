"""Small objects: boto3 signs an address, and a pooled client in the event loop fetches it.

A tenth of what boto3 in a thread costs. The address opens the object for a minute to whoever has it, so it
leaves this module only for the server: it is in no error, and `kernel.logs` keeps httpx below the level at
which it would log one.
"""

import base64
import hashlib
import re
import ssl
from typing import Final

import httpx

from services.storage.protocol import MAX_OBJECT_BYTES
from services.storage.s3.client import S3Calls
from services.storage.s3.errors import AlteredError, TransientError, refusal
from services.storage.s3.options import S3Options

SIGNED_SECONDS: Final = 60
CHECKSUM_HEADER: Final = "x-amz-checksum-sha256"
_ASKED: Final = {"x-amz-checksum-mode": "ENABLED"}
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_MOST_ERROR_BYTES: Final = 64 * 1024


def make_reader(options: S3Options) -> httpx.AsyncClient:
    limits = options.limits
    return httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=options.ca) if options.ca else True,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(limits.stall_seconds, connect=limits.connect_seconds),
        limits=httpx.Limits(max_connections=limits.connections, max_keepalive_connections=limits.connections),
    )


async def read_small(http: httpx.AsyncClient, calls: S3Calls, told: dict[str, object], what: str) -> bytes:
    """One attempt to read an object of any size up to the most, in the event loop.

    Args:
        http: of `make_reader`.
        calls: signs the address.
        told: bucket and key.
        what: the object as errors name it.

    Raises:
        ObjectMissingError, StoreUnavailableError: as `ObjectStore.get`.
    """
    asked = {**told, "ChecksumMode": "ENABLED"}
    address = calls.generate_presigned_url("get_object", Params=asked, ExpiresIn=SIGNED_SECONDS)
    try:
        async with http.stream("GET", address, headers=_ASKED) as answer:
            found = answer.status_code == httpx.codes.OK
            data = await _bounded(answer, MAX_OBJECT_BYTES + 1 if found else _MOST_ERROR_BYTES)
    except (httpx.HTTPError, ssl.SSLError) as exc:
        raise TransientError(f"The store did not answer for {what}: {type(exc).__name__}.") from exc
    if not found:
        code = _CODE.search(data)
        raise refusal(answer.status_code, code[1].decode() if code else "", what)
    require_unaltered(data, answer.headers.get(CHECKSUM_HEADER), what)
    return data


async def _bounded(answer: httpx.Response, most_bytes: int) -> bytes:
    data = bytearray()
    async for part in answer.aiter_raw():
        data += part
        if len(data) >= most_bytes:
            break
    return bytes(data[:most_bytes])


def require_unaltered(data: bytes, checksum: str | None, what: str) -> None:
    """Return if `data` is what the server says that it holds, or the server does not say.

    Raises:
        AlteredError: it is not.
    """
    if checksum is not None and len(data) <= MAX_OBJECT_BYTES and checksum_of(data) != checksum:
        raise AlteredError(f"What the store sent for {what} is not what it holds.", data)


def checksum_of(data: bytes | bytearray | memoryview) -> str:
    """SHA-256 as S3's headers have it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
