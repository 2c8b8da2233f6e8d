import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import (
    BUFFER_BYTES,
    CHUNK_BYTES,
    MAX_SEALED_BYTES,
    SEGMENT_BYTES,
    SealError,
    SegmentSealer,
    new_buffer,
    open_segment,
    seal_segment,
    sealed_length,
)
from services.keys.wrapping import SecretKey, new_key
from tests.vectors import cobblestone

KEY = SecretKey(bytes(range(32)))
CONTEXT = SegmentContext(UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4), 1, SEGMENT_BYTES)
PLAINTEXT = bytes(range(256)) * 193  # three full chunks and a short one
SEALED = seal_segment(KEY, CONTEXT, PLAINTEXT)
VECTORS = Path(cobblestone.__file__).parent
WYCHEPROOF: dict[str, Any] = json.loads((VECTORS / "cobblestone_256_wycheproof.json").read_text())
FROZEN: dict[str, Any] = json.loads((VECTORS / "sealed.json").read_text())
EDGES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, SEGMENT_BYTES - 1, SEGMENT_BYTES]


@pytest.mark.parametrize("length", EDGES)
def test_every_length_comes_back_and_is_as_long_as_foretold(length: int) -> None:
    plaintext = (b"redwell" * (length // 7 + 1))[:length]
    sealed = seal_segment(KEY, CONTEXT, plaintext)
    assert len(sealed) == sealed_length(length)
    assert open_segment(KEY, CONTEXT, sealed) == plaintext
    assert cobblestone.decrypt(KEY.material, CONTEXT.to_bytes(), sealed) == plaintext


def test_segment_is_at_most_8_mib() -> None:
    with pytest.raises(ValueError, match="8 MiB"):
        seal_segment(KEY, CONTEXT, bytes(SEGMENT_BYTES + 1))
    with pytest.raises(SealError, match="longer"):
        open_segment(KEY, CONTEXT, bytes(MAX_SEALED_BYTES + 1))


def test_sealing_twice_shares_no_salt() -> None:
    assert len({seal_segment(KEY, CONTEXT, b"same")[:24] for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": UUID(int=9)},
        {"matter": UUID(int=9)},
        {"document": UUID(int=9)},
        {"version": UUID(int=9)},
        {"ordinal": 2},
        {"offset": 0},
    ],
)
def test_segment_swapped_to_another_place_does_not_open(change: dict[str, Any]) -> None:
    with pytest.raises(SealError, match="is not what was sealed"):
        open_segment(KEY, replace(CONTEXT, **change), SEALED)


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealError):
        open_segment(new_key(), CONTEXT, SEALED)


@settings(max_examples=200)
@given(st.integers(0, len(SEALED) * 8 - 1))
def test_no_flipped_bit_opens(bit: int) -> None:
    altered = bytearray(SEALED)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        open_segment(KEY, CONTEXT, altered)


SEALED_CHUNK = CHUNK_BYTES + 16
FIRST, SECOND = SEALED[56 : 56 + SEALED_CHUNK], SEALED[56 + SEALED_CHUNK : 56 + 2 * SEALED_CHUNK]


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda s: s[:10],
        lambda s: s[:56],
        lambda s: s[:-1],
        lambda s: s[: 56 + SEALED_CHUNK],
        lambda s: s[: 56 + SEALED_CHUNK + 5],
        lambda s: s + b"\0",
        lambda s: s + s[-40:],
        lambda s: s[:56] + SECOND + FIRST + s[56 + 2 * SEALED_CHUNK :],
        lambda s: s[:56] + FIRST + FIRST + s[56 + 2 * SEALED_CHUNK :],
        lambda s: s[:56] + s[56 + SEALED_CHUNK :],
        lambda s: seal_segment(KEY, CONTEXT, b"")[:56] + s[56:],
        lambda s: s[:24] + seal_segment(KEY, CONTEXT, b"")[24:56] + s[56:],
    ],
)
def test_truncated_extended_or_spliced_segment_does_not_open(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(SealError):
        open_segment(KEY, CONTEXT, change(SEALED))


def test_error_names_the_segment_and_no_content() -> None:
    with pytest.raises(SealError) as caught:
        open_segment(KEY, CONTEXT, SEALED[:-1])
    assert str(CONTEXT.version) in str(caught.value)
    assert caught.value.context == CONTEXT


class TestSealer:
    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.integers(0, 3 * CHUNK_BYTES), max_size=8))
    def test_pieces_of_any_size_make_one_segment(self, sizes: list[int]) -> None:
        sealer, whole = SegmentSealer(KEY, CONTEXT), b""
        for number, size in enumerate(sizes):
            piece = bytes([number]) * size
            sealer.update(piece)
            whole += piece
        sealed = sealer.finalize()
        assert sealer.plaintext_bytes == len(whole)
        assert len(sealed) == sealed_length(len(whole))
        assert open_segment(KEY, CONTEXT, sealed) == whole
        assert cobblestone.decrypt(KEY.material, CONTEXT.to_bytes(), bytes(sealed)) == whole

    @pytest.mark.parametrize("piece_bytes", [1024 * 1024, SEGMENT_BYTES, 1024 * 1024 - 1])
    def test_full_segment_fits_its_buffer(self, piece_bytes: int) -> None:
        buffer = new_buffer()
        plaintext = bytes(SEGMENT_BYTES)
        for _ in range(2):
            sealer = SegmentSealer(KEY, CONTEXT, buffer)
            for start in range(0, SEGMENT_BYTES, piece_bytes):
                sealer.update(memoryview(plaintext)[start : start + piece_bytes])
            assert sealer.room_bytes == 0
            assert open_segment(KEY, CONTEXT, sealer.finalize()) == plaintext
        assert len(buffer) == BUFFER_BYTES

    def test_full_segment_takes_no_more(self) -> None:
        sealer = SegmentSealer(KEY, CONTEXT)
        sealer.update(bytes(SEGMENT_BYTES - 1))
        with pytest.raises(ValueError, match="full"):
            sealer.update(b"xx")
        sealer.update(b"x")
        with pytest.raises(ValueError, match="full"):
            sealer.update(b"x")

    def test_sealed_bytes_cannot_be_altered_through_the_view(self) -> None:
        sealed = SegmentSealer(KEY, CONTEXT).finalize()
        with pytest.raises(TypeError):
            sealed[0] = 1


class TestContext:
    def test_layout(self) -> None:
        context = CONTEXT.to_bytes()
        ids = b"".join(UUID(int=number).bytes for number in range(1, 5))
        numbers = b"\0\0\0\0\0\0\0\1" + b"\0\0\0\0\0\x80\0\0"
        assert context == b"redwell/segment/v1" + ids + numbers
        assert len(context) == 98

    @pytest.mark.parametrize("change", [{"ordinal": -1}, {"offset": -1}, {"offset": 2**64}])
    def test_numbers_are_bounded(self, change: dict[str, Any]) -> None:
        with pytest.raises(Exception, match=r"argument out of range|format requires|int too large"):
            replace(CONTEXT, **change).to_bytes()


@pytest.mark.parametrize("vector", FROZEN["segments"])
def test_frozen_segments_open_by_ours_and_by_other_code(vector: dict[str, Any]) -> None:
    *ids, ordinal, offset = vector["context"]
    tenant, matter, document, version = map(UUID, ids)
    context = SegmentContext(tenant, matter, document, version, ordinal, offset)
    key, sealed = bytes.fromhex(vector["key"]), base64.b64decode(vector["sealed"])
    plaintext = base64.b64decode(vector["plaintext"])
    assert open_segment(SecretKey(key), context, sealed) == plaintext
    assert cobblestone.decrypt(key, context.to_bytes(), sealed) == plaintext


@pytest.mark.parametrize("vector", WYCHEPROOF["tests"], ids=lambda vector: str(vector["comment"]))
def test_library_and_other_code_agree_with_published_vectors(vector: dict[str, Any]) -> None:
    key, context = bytes.fromhex(WYCHEPROOF["key"]), bytes.fromhex(vector["ctx"])
    message = zlib.decompress(bytes.fromhex(vector["ct"]))
    if vector["result"] == "valid":
        decryptor = Cobblestone256Decryptor(key, context)
        opened = decryptor.update(message) + decryptor.finalize()
        assert opened == cobblestone.decrypt(key, context, message)
        assert hashlib.sha512(opened).hexdigest() == vector["msgSha512"]
        return
    with pytest.raises(cobblestone.DecryptionError):
        cobblestone.decrypt(key, context, message)
    decryptor = Cobblestone256Decryptor(key, context)
    with pytest.raises(InvalidTag):
        _ = decryptor.update(message) + decryptor.finalize()
