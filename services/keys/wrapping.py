"""Keys under keys: data key, matter key, firm key, root.

One wrapped key is 61 bytes::

    0x01 || nonce (12 random bytes) || AES-256-GCM(child, 32 bytes) with its tag (16 bytes)

The cipher key is a subkey of the parent made for wrapping only, so that a parent may also seal fields. The
associated data names the parent and the child (`_associated_data`): a wrapped key that is moved to another
row, another tenant or another parent does not open.

Sources: NIST SP 800-38D (AES-GCM, random nonces: at most 2**32 wraps under one parent), RFC 5869 (HKDF).
"""

import hmac
import os
import re
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.keys.errors import KeysError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
FORMAT: Final = b"\x01"
WRAPPED_BYTES: Final = len(FORMAT) + NONCE_BYTES + KEY_BYTES + TAG_BYTES

_LABEL: Final = "redwell/wrap/v1"
_KIND: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NO_TENANT: Final = bytes(16)


class UnwrapError(KeysError):
    """A wrapped key did not open: altered, moved to another name, or under another parent."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SecretKey:
    """32 secret bytes that never show in a log, a traceback or a `repr`."""

    material: bytes

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise ValueError(f"A key is {KEY_BYTES} bytes, not {len(self.material)}.")

    def __repr__(self) -> str:
        return "SecretKey(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretKey) and hmac.compare_digest(self.material, other.material)

    def __hash__(self) -> int:
        return hash(self.material)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret key is never pickled or copied to another process.")


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a key is, in words that can be authenticated.

    Attributes:
        kind: lower-case word, such as `root`, `firm`, `matter`, `data`.
        tenant: the organization it belongs to (never the nil UUID); none for keys of the whole deployment.
        id: this key's own id, new at every rotation.
    """

    kind: str
    tenant: UUID | None
    id: UUID

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError("A kind of key is a short lower-case word.")
        if self.tenant is not None and self.tenant.int == 0:
            raise ValueError("The nil UUID is no tenant.")

    def to_bytes(self) -> bytes:
        """Canonical bytes: length of kind (1) || kind || tenant (16, zeros when none) || id (16)."""
        tenant = _NO_TENANT if self.tenant is None else self.tenant.bytes
        return bytes([len(self.kind)]) + self.kind.encode("ascii") + tenant + self.id.bytes


def new_key() -> SecretKey:
    """A key from the operating system's random source."""
    return SecretKey(os.urandom(KEY_BYTES))


def derive(key: SecretKey, label: str) -> SecretKey:
    """The subkey of `key` for one purpose (HKDF-SHA-256 without salt, `info` = the label in UTF-8)."""
    hkdf = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=label.encode())
    return SecretKey(hkdf.derive(key.material))


def wrap(parent: SecretKey, parent_name: KeyName, child: SecretKey, child_name: KeyName) -> bytes:
    """Seal `child` under `parent`; the 61 bytes open only under the same two names."""
    nonce = os.urandom(NONCE_BYTES)
    associated_data = _associated_data(parent_name, child_name)
    return FORMAT + nonce + _cipher(parent).encrypt(nonce, child.material, associated_data)


def unwrap(parent: SecretKey, parent_name: KeyName, wrapped: bytes, child_name: KeyName) -> SecretKey:
    """Open what `wrap` made under exactly these names.

    Raises:
        UnwrapError: the bytes, the parent or one of the names is not the one it was made with.
    """
    if len(wrapped) != WRAPPED_BYTES or wrapped[:1] != FORMAT:
        raise UnwrapError(f"The wrapped {child_name.kind} key has an unknown format.")
    nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
    try:
        return SecretKey(_cipher(parent).decrypt(nonce, sealed, _associated_data(parent_name, child_name)))
    except InvalidTag as exc:
        raise UnwrapError(
            f"The wrapped {child_name.kind} key does not open under this {parent_name.kind} key."
        ) from exc


def _cipher(parent: SecretKey) -> AESGCM:
    return AESGCM(derive(parent, _LABEL).material)


def _associated_data(parent_name: KeyName, child_name: KeyName) -> bytes:
    return _LABEL.encode() + parent_name.to_bytes() + child_name.to_bytes()
