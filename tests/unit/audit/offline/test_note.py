import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from services.audit.offline import note
from services.audit.offline.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from services.audit.offline.errors import FormatError, OfflineError, PinError, SignatureError
from services.audit.offline.note import VerifierKey

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "vectors/log/notes.json").read_text(encoding="utf-8")
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
KEY = VerifierKey("log.example/a", PRIVATE.public_key().public_bytes_raw())
OTHER_PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
OTHER = VerifierKey("log.example/a", OTHER_PRIVATE.public_key().public_bytes_raw())
NOTE = note.sign_note("text\n", KEY, PRIVATE.sign)
CHECKPOINT = Checkpoint(KEY.name, 5, bytes(range(32)))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"])
class TestPublishedNotes:
    def test_each_key_verifies_the_text(self, vector: dict[str, Any]) -> None:
        for vkey in vector["keys"]:
            key = VerifierKey.parse(vkey)
            assert str(key) == vkey
            assert note.verify_note(vector["note"].encode(), key) == vector["text"]

    def test_another_text_is_refused(self, vector: dict[str, Any]) -> None:
        for vkey in vector["keys"]:
            with pytest.raises(SignatureError):
                note.verify_note(("x" + vector["note"]).encode(), VerifierKey.parse(vkey))


def test_the_published_private_key_signs_the_published_note() -> None:
    seed = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]  # golang.org/x/mod example
    vector = VECTORS[0]
    signed = note.sign_note(
        vector["text"],
        VerifierKey.parse(vector["keys"][0]),
        Ed25519PrivateKey.from_private_bytes(seed).sign,
    )
    assert vector["note"].encode().startswith(signed)


class TestVerifying:
    def test_signatures_of_unknown_keys_are_ignored(self) -> None:
        line = note.sign_note("text\n", OTHER, OTHER_PRIVATE.sign).partition(b"\n\n")[2]
        lines = line * (note.MAX_SIGNATURES - 1)
        assert note.verify_note(NOTE + lines, KEY) == "text\n"
        with pytest.raises(FormatError):
            note.verify_note(NOTE + lines + line, KEY)

    def test_a_false_signature_in_the_keys_name_refuses_the_note(self) -> None:
        false = note.sign_note("other\n", KEY, PRIVATE.sign).partition(b"\n\n")[2]
        with pytest.raises(SignatureError):
            note.verify_note(NOTE + false, KEY)

    def test_a_note_the_key_did_not_sign_is_refused(self) -> None:
        with pytest.raises(SignatureError):
            note.verify_note(NOTE, OTHER)

    def test_a_key_that_is_no_point_verifies_nothing(self) -> None:
        bad = VerifierKey("bad", b"\xff" * 32)
        line = base64.b64encode(bad.key_id + bytes(64)).decode()
        with pytest.raises(SignatureError):
            note.verify_note(f"text\n\n\u2014 bad {line}\n".encode(), bad)

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"text\n",
            b"text\n\n",
            NOTE[:-1],
            NOTE + b"\n",
            NOTE + b"trailing\n",
            NOTE.replace(b"\xe2\x80\x94", b"-"),
            NOTE.replace(b"text", b"te\x07t"),
            NOTE.replace(b"text", b"te\rt"),
            NOTE.replace(b"text", b"te\xfft"),
            NOTE.replace(b"log.example/a", b"log+example/a"),
            NOTE.replace(b"log.example/a", "log\u00a0example".encode()),
            NOTE.replace(b"log.example/a", b""),
            NOTE.replace(b"log.example/a", b"n" * 256),
            NOTE.replace(b"=\n", b"\n"),
            b"text\n\n\xe2\x80\x94 log.example/a AAAAAA==\n",
            b"x" * (note.MAX_NOTE_BYTES + 1),
        ],
    )
    def test_what_is_not_a_note_is_refused(self, raw: bytes) -> None:
        with pytest.raises(FormatError):
            note.verify_note(raw, KEY)

    @given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
    def test_no_altered_byte_verifies(self, at: int, mask: int) -> None:
        raw = NOTE[:at] + bytes([NOTE[at] ^ mask]) + NOTE[at + 1 :]
        with pytest.raises(OfflineError):
            note.verify_note(raw, KEY)


class TestSigning:
    @pytest.mark.parametrize("text", ["", "text", "a\rb\n", "a\x00\n"])
    def test_a_text_that_cannot_stand_in_a_note_is_refused(self, text: str) -> None:
        with pytest.raises(FormatError):
            note.sign_note(text, KEY, PRIVATE.sign)

    @pytest.mark.parametrize("text", ["\n", "a\n\n", "a\n\nb\n", "\u2014 a b\n"])
    def test_empty_lines_belong_to_the_text(self, text: str) -> None:
        assert note.verify_note(note.sign_note(text, KEY, PRIVATE.sign), KEY) == text

    def test_a_signature_by_another_key_is_never_written(self) -> None:
        with pytest.raises(SignatureError):
            note.sign_note("text\n", KEY, OTHER_PRIVATE.sign)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+c74f20a3+",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10==",
    ],
)
def test_anything_but_a_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        VerifierKey.parse(text)


def test_a_fingerprint_is_the_hash_of_the_raw_key() -> None:
    pin = note.fingerprint(KEY.public_key)
    encoded = base64.b64encode(hashlib.sha256(KEY.public_key).digest()).decode()
    assert pin == "SHA256:" + encoded[:-1]
    note.require_pin(pin)


@pytest.mark.parametrize("pin", ["", "SHA256:", "A" * 43, "SHA256:" + "A" * 44, "sha256:" + "A" * 43, "ä"])
def test_a_pin_must_be_a_fingerprint(pin: str) -> None:
    with pytest.raises(PinError):
        note.require_pin(pin)


class TestCheckpoints:
    def test_a_signed_checkpoint_reads_back(self) -> None:
        raw = sign_checkpoint(CHECKPOINT, KEY, PRIVATE.sign)
        assert raw.startswith(b"log.example/a\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n")
        assert verify_checkpoint(raw, KEY) == CHECKPOINT

    @pytest.mark.parametrize(
        "text",
        [
            "log.example/a\n05\n{root}\n",
            "log.example/a\n-5\n{root}\n",
            "log.example/a\n+5\n{root}\n",
            "log.example/a\n\u0665\n{root}\n",
            "log.example/a\n9007199254740992\n{root}\n",
            "log.example/a\n5\n{root}\nextension\n",
            "log.example/a\n5\n{root}",
            "log.example/a\n5\n",
            "log.example/a\n5\nAAAA\n",
            "log.example/a\n5\n{loose}\n",
            "log example\n5\n{root}\n",
            "log+example\n5\n{root}\n",
            "l\u00f6g.example\n5\n{root}\n",
            "\n5\n{root}\n",
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        root = base64.b64encode(bytes(32)).decode()
        with pytest.raises(FormatError):
            Checkpoint.parse(text.format(root=root, loose=root[:-2] + "B="))

    def test_a_checkpoint_of_another_log_is_refused(self) -> None:
        foreign = Checkpoint("log.example/b", 5, bytes(32))
        raw = note.sign_note(str(foreign), KEY, PRIVATE.sign)
        with pytest.raises(FormatError):
            verify_checkpoint(raw, KEY)
        with pytest.raises(FormatError):
            sign_checkpoint(foreign, KEY, PRIVATE.sign)

    @pytest.mark.parametrize(("size", "root"), [(-1, bytes(32)), (2**53, bytes(32)), (1, bytes(31))])
    def test_a_checkpoint_cannot_be_made_of_nonsense(self, size: int, root: bytes) -> None:
        with pytest.raises(FormatError):
            Checkpoint("log.example/a", size, root)
