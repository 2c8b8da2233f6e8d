import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.keys.fields import FieldName, open_field
from services.keys.wrapping import KeyName, SecretKey, unwrap
from tests.vectors import generate_keys

SEALED: dict[str, Any] = json.loads((Path(generate_keys.__file__).with_name("sealed.json")).read_text())


def test_deterministic_vectors_regenerate_without_a_difference() -> None:
    assert generate_keys.PATH.read_text() == generate_keys.render()


def subkey(key: bytes, label: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=label).derive(key))


def name_bytes(kind: str, tenant: str | None, key_id: str) -> bytes:
    return bytes([len(kind)]) + kind.encode() + UUID(tenant or "0" * 32).bytes + UUID(key_id).bytes


def key_name(kind: str, tenant: str | None, key_id: str) -> KeyName:
    return KeyName(kind, UUID(tenant) if tenant else None, UUID(key_id))


@pytest.mark.parametrize("vector", SEALED["wrapped"])
def test_frozen_wrapped_keys_open(vector: dict[str, Any]) -> None:
    parent, wrapped = bytes.fromhex(vector["parent"]), base64.b64decode(vector["wrapped"])
    names = key_name(*vector["parent_name"]), key_name(*vector["child_name"])
    assert unwrap(SecretKey(parent), names[0], wrapped, names[1]).material.hex() == vector["child"]
    # the same, from the layout and primitives
    associated_data = (
        b"redwell/wrap/v1" + name_bytes(*vector["parent_name"]) + name_bytes(*vector["child_name"])
    )
    cipher = subkey(parent, b"redwell/wrap/v1")
    assert cipher.decrypt(wrapped[1:13], wrapped[13:], associated_data).hex() == vector["child"]


@pytest.mark.parametrize("vector", SEALED["fields"])
def test_frozen_fields_open(vector: dict[str, Any]) -> None:
    key, sealed = bytes.fromhex(vector["key"]), base64.b64decode(vector["sealed"])
    table, column, tenant, row = vector["name"]
    name = FieldName(table, column, UUID(tenant), UUID(row))
    assert open_field(SecretKey(key), name, sealed) == vector["text"]
    associated_data = b"redwell/field/v1\x09documents\x04name" + UUID(tenant).bytes + UUID(row).bytes
    cipher = subkey(key, b"redwell/field/v1")
    assert cipher.decrypt(sealed[1:13], sealed[13:], associated_data).decode() == vector["text"]
