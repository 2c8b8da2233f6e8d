"""Names, titles and notes as they lie in a table: sealed text, and an index that finds equal values.

A sealed field is `0x01 || nonce (12) || AES-256-GCM(text in UTF-8) || tag (16)`, under a subkey of the
matter or firm key made for fields only. The associated data names table, column, tenant and row, so a
sealed value cannot be moved to another place unnoticed.

A blind index is HMAC-SHA-256 under a subkey of its own. Equal values in one tenant give equal bytes, which
is what it is for and all it tells; it matches exactly, case included, after Unicode NFC. A value whose case
does not matter (an address) is folded by the caller before it comes here.
"""

import hmac
import os
import unicodedata
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.keys.errors import KeysError
from services.keys.wrapping import FORMAT, NONCE_BYTES, TAG_BYTES, SecretKey, derive

INDEX_BYTES: Final = 32

_LABEL: Final = "redwell/field/v1"
_INDEX_LABEL: Final = "redwell/blind-index/v1"
_SHORTEST: Final = len(FORMAT) + NONCE_BYTES + TAG_BYTES


class FieldError(KeysError):
    """A sealed field did not open (altered, or from another place), or a value is not text."""


@dataclass(frozen=True, slots=True)
class FieldName:
    """The one place a sealed value is valid in."""

    table: str
    column: str
    tenant: UUID
    row: UUID

    def to_bytes(self) -> bytes:
        """Canonical bytes: length (1) || table || length (1) || column || tenant (16) || row (16)."""
        names = b"".join(bytes([len(part)]) + part for part in (self.table.encode(), self.column.encode()))
        return names + self.tenant.bytes + self.row.bytes


def seal_field(key: SecretKey, name: FieldName, text: str) -> bytes:
    """Seal `text` for this place; 29 bytes longer than its UTF-8.

    Raises:
        FieldError: the text holds a lone surrogate.
    """
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + _cipher(key).encrypt(nonce, _utf8(text), _associated_data(name))


def open_field(key: SecretKey, name: FieldName, sealed: bytes) -> str:
    """Open what `seal_field` made for exactly this place.

    Raises:
        FieldError: the bytes, the key or the place is not the one it was made with.
    """
    if len(sealed) < _SHORTEST or sealed[:1] != FORMAT:
        raise FieldError(f"The sealed {name.table}.{name.column} has an unknown format.")
    nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return _cipher(key).decrypt(nonce, ciphertext, _associated_data(name)).decode()
    except InvalidTag as exc:
        raise FieldError(f"The sealed {name.table}.{name.column} does not open here.") from exc


def blind_index(key: SecretKey, name: str, value: str) -> bytes:
    """32 bytes that are equal for equal values of the index `name` under `key`.

    Args:
        key: the matter or firm key; never shared between tenants.
        name: which index, such as `document.name`; the same value in two indexes gives unrelated bytes.
        value: compared exactly, after NFC.

    Raises:
        FieldError: the value holds a lone surrogate.
    """
    index_key = derive(key, f"{_INDEX_LABEL}/{name}")
    return hmac.digest(index_key.material, _utf8(unicodedata.normalize("NFC", value)), "sha256")


def _cipher(key: SecretKey) -> AESGCM:
    return AESGCM(derive(key, _LABEL).material)


def _associated_data(name: FieldName) -> bytes:
    return _LABEL.encode() + name.to_bytes()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as exc:
        raise FieldError("The value is not valid Unicode text.") from exc
