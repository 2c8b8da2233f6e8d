"""A second implementation of Cobblestone-256, from the text of c2sp.org/chunked-encryption and primitives.

It exists so that what the product seals is opened by code that shares nothing with it.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

SALT_BYTES = 24
COMMITMENT_BYTES = 32
SEALED_CHUNK_BYTES = 16 * 1024 + 16


class DecryptionError(Exception):
    """The message is not genuine."""


def derive(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    """Message key (32), base nonce (12) and commitment (32)."""
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\x00" + salt + context
    output = HKDFExpand(hashes.SHA512(), 32 + 12 + COMMITMENT_BYTES, info).derive(key)
    return output[:32], output[32:44], output[44:]


def decrypt(key: bytes, context: bytes, message: bytes) -> bytes:
    header = SALT_BYTES + COMMITMENT_BYTES
    if len(message) < header:
        raise DecryptionError("truncated")
    message_key, base_nonce, commitment = derive(key, message[:SALT_BYTES], context)
    if message[SALT_BYTES:header] != commitment:
        raise DecryptionError("commitment")
    body = message[header:]
    chunks = [body[start : start + SEALED_CHUNK_BYTES] for start in range(0, len(body), SEALED_CHUNK_BYTES)]
    if not chunks or len(chunks[-1]) == SEALED_CHUNK_BYTES:
        raise DecryptionError("truncated")
    try:
        return b"".join(_open(message_key, base_nonce, number, chunk) for number, chunk in enumerate(chunks))
    except InvalidTag as exc:
        raise DecryptionError("tag") from exc


def _open(message_key: bytes, base_nonce: bytes, number: int, chunk: bytes) -> bytes:
    nonce = bytes(a ^ b for a, b in zip(base_nonce, number.to_bytes(12), strict=True))
    return AESGCM(message_key).decrypt(nonce, chunk, None)
