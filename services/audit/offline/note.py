"""Signed notes (C2SP signed-note), Ed25519 only, and the fingerprint by which a log key is pinned.

The package holds no private key: signing is a callback. A note's text is `unverified` until `verify_note`
has returned it.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.audit.offline.canonical import decode_base64
from services.audit.offline.errors import FormatError, PinError, SignatureError

ED25519 = 0x01
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
MAX_NOTE_BYTES = 262_144  # room for 32 post-quantum signatures of about 5 kB
MAX_SIGNATURES = 32  # the specification asks verifiers to accept at least 16
MAX_KEY_NAME_CHARACTERS = 255

_KEY_ID_BYTES = 4
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A log's public key under the name it signs with. `str()` gives the vkey form `name+hex8+base64`."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _is_key_name(self.name) or len(self.public_key) != PUBLIC_KEY_BYTES:
            raise FormatError("This is not a verifier key.")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that, with the name, say which key signed."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed_key()).digest()[:_KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the vkey form.

        Raises:
            FormatError: not a vkey, not Ed25519, or its key id is not the one its name and key give.
        """
        name, _, rest = text.partition("+")
        _, _, encoded = rest.partition("+")
        typed = decode_base64(encoded)
        if typed[:1] != bytes([ED25519]):
            raise FormatError("This is not an Ed25519 verifier key.")
        key = cls(name, typed[1:])
        if str(key) != text:
            raise FormatError("The verifier key does not match its own key id.")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._typed_key()).decode()}"

    def _typed_key(self) -> bytes:
        return bytes([ED25519]) + self.public_key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed, and the signature's bytes (64 for Ed25519)."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedNote:
    """A note in form, of which nothing may be believed yet. `text` ends with its last newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


def fingerprint(public_key: bytes) -> str:
    """`SHA256:` and the unpadded base64 of the SHA-256 of the 32-byte raw public key."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public_key).digest()).decode().rstrip("=")


def require_pin(pin: str) -> None:
    """Check that `pin` has the form `fingerprint` writes.

    Raises:
        PinError: it has not.
    """
    try:
        digest = decode_base64(pin.removeprefix("SHA256:") + "=")
    except FormatError as exc:
        raise PinError("The pin is not a fingerprint of the form SHA256: and 43 characters.") from exc
    if not pin.startswith("SHA256:") or len(digest) != hashlib.sha256().digest_size:
        raise PinError("The pin is not a fingerprint of the form SHA256: and 43 characters.")


def sign_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> bytes:
    """Bytes of a note with one signature.

    Args:
        text: the note text; ends with a newline.
        key: the signer's public key and name.
        sign: Ed25519 signing of the message it is given; returns 64 bytes.

    Raises:
        FormatError: the text cannot stand in a note.
        SignatureError: what `sign` returned does not verify under `key`.
    """
    if not text.endswith("\n"):
        raise FormatError("The text of a note ends with a newline.")
    signature = base64.b64encode(key.key_id + sign(text.encode())).decode()
    raw = f"{text}\n{_DASH}{key.name} {signature}\n".encode()
    verify_note(raw, key)  # nothing is published that a verifier would refuse
    return raw


def parse_note(raw: bytes) -> UnverifiedNote:
    """Read a signed note without believing it.

    Raises:
        FormatError: not a signed note, larger than 256 KiB, or more than 32 signatures.
    """
    if len(raw) > MAX_NOTE_BYTES:
        raise FormatError("The note is too large.")
    try:
        content = raw.decode()
    except UnicodeDecodeError as exc:
        raise FormatError("The note is not UTF-8.") from exc
    if any(character < " " and character != "\n" for character in content):
        raise FormatError("The note holds a control character.")
    body, separator, block = content.rpartition("\n\n")
    lines = block.split("\n")
    if not separator or lines.pop() or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise FormatError("The note does not end with signature lines.")
    return UnverifiedNote(body + "\n", tuple(_signature(line) for line in lines))


def verify_note(raw: bytes, key: VerifierKey) -> str:
    """Text of a note that `key` signed; signatures of other keys are ignored.

    Raises:
        FormatError: not a signed note.
        SignatureError: `key` did not sign it, or a signature in its name is false.
    """
    note = parse_note(raw)
    own = [line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
    if not own:
        raise SignatureError("The expected key did not sign the note.")
    for line in own:
        _verify_ed25519(key.public_key, line.value, note.text.encode())
    return note.text


def _verify_ed25519(public_key: bytes, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as exc:  # ValueError: not the bytes of any key
        raise SignatureError("A signature of the expected key is false.") from exc


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_key_name(name):
        raise FormatError("A signature line of the note is not in form.")
    value = decode_base64(encoded)
    if len(value) <= _KEY_ID_BYTES:
        raise FormatError("A signature of the note is too short.")
    return NoteSignature(name, value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _is_key_name(name: str) -> bool:
    fits = 0 < len(name) <= MAX_KEY_NAME_CHARACTERS
    return fits and "+" not in name and not any(c.isspace() or c < " " for c in name)
