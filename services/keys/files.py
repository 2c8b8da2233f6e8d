"""Secret keys in files: made once, read often, never open to others.

A symmetric key file is five lines of text::

    redwell-key/v1
    kind: root
    id: 0192f0c1-…            (new for every key; part of the key's name)
    key: <32 bytes, base64url without padding>
    check: <first 8 hex digits of SHA-256("redwell-key-check" || 0x00 || key)>

Key pairs are unencrypted PKCS #8 PEM (RFC 5958, RFC 7468). A file is written beside its place, synced, and
linked there only if nothing has that name, so that two first starts agree on one key and a crash leaves
none or a whole one. Losing `root.key` loses the content: making a key is therefore never a side effect of
reading one.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from services.keys.errors import KeysError
from services.keys.log_key import LogKey
from services.keys.signing import SigningKey
from services.keys.wrapping import KeyName, SecretKey, new_key

MAX_FILE_BYTES: Final = 4096

_FORMAT: Final = "redwell-key/v1"
_CHECK_LABEL: Final = b"redwell-key-check\0"
_OTHER_ROOT: Final = re.compile(r"root-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.key")
_TEXT: Final = re.compile(
    r"redwell-key/v1\n"
    r"kind: ([a-z]+)\n"
    r"id: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n"
    r"key: ([A-Za-z0-9_-]{43})\n"
    r"check: ([0-9a-f]{8})\n?"
)


class KeyFileError(KeysError):
    """A key file is missing, damaged or open to others; the message says which, and what to do."""


class KeyFile(StrEnum):
    """The key files of one deployment. The value is the file's name."""

    ROOT = "root.key"
    IDENTITY = "identity.key"
    SUBJECTS = "subjects.key"
    TOKEN = "token.pem"  # noqa: S105 - a file name
    GATEWAY = "gateway.pem"
    LOG = "log.pem"


SYMMETRIC: Final = frozenset({KeyFile.ROOT, KeyFile.IDENTITY, KeyFile.SUBJECTS})


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A symmetric key together with its name, as `wrap` and `unwrap` want them."""

    name: KeyName
    key: SecretKey


class KeyDirectory:
    """The folder that holds a deployment's secret keys."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def has(self, file: KeyFile) -> bool:
        return (self.path / file).exists()

    def ensure(self, *files: KeyFile) -> None:
        """Make the folder and each of these keys that does not exist yet; all of them when none is named.

        Raises:
            KeyFileError: the folder is open to others or cannot be written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file in files or tuple(KeyFile):
                if not self.has(file):
                    create_file(self.path, file, _new_content(file))
        except OSError as exc:
            raise KeyFileError(f"The key folder {self.path} cannot be written: {exc.strerror}.") from exc

    def secret(self, file: KeyFile) -> NamedKey:
        """Read `root.key`, `identity.key` or `subjects.key`.

        Raises:
            KeyFileError: it is missing, damaged, of another kind or open to others.
        """
        if file not in SYMMETRIC:
            raise ValueError(f"{file} holds a key pair.")
        return _parse_symmetric(self.path / file, self._read(file), file.removesuffix(".key"))

    def root(self, key_id: UUID) -> NamedKey | None:
        """The root key of that id: the current one, one before it or one to come; None if it is not here.

        Raises:
            KeyFileError: its file is damaged or open to others.
        """
        current = self.secret(KeyFile.ROOT) if self.has(KeyFile.ROOT) else None
        if current is not None and current.name.id == key_id:
            return current
        name = _root_file(key_id)
        if not (self.path / name).exists():
            return None
        found = _parse_symmetric(self.path / name, self._read(name), "root")
        if found.name.id != key_id:
            raise KeyFileError(f"{self.path / name} holds the root key {found.name.id}.")
        return found

    def other_roots(self) -> list[UUID]:
        """The ids of the root keys beside the current one."""
        current = self.secret(KeyFile.ROOT).name.id
        found = (_OTHER_ROOT.fullmatch(path.name) for path in self.path.iterdir())
        return sorted({UUID(match[1]) for match in found if match} - {current})

    def new_root(self) -> NamedKey:
        """Make a root key beside the current one, which stays that until `use_root`.

        Raises:
            KeyFileError: the folder cannot be written.
        """
        made = NamedKey(KeyName("root", None, uuid4()), new_key())
        content, present = format_symmetric(made).encode(), (self.path / KeyFile.ROOT).stat()
        try:
            # Whoever reads the present one must be able to read this one too.
            create_file(self.path, _root_file(made.name.id), content, (present.st_uid, present.st_gid))
        except OSError as exc:
            raise KeyFileError(f"The key folder {self.path} cannot be written: {exc.strerror}.") from exc
        return made

    def use_root(self, key_id: UUID) -> None:
        """Make the root key of that id the current one, at once or not at all; the one before is kept.

        Raises:
            KeyFileError: it is not here, or the folder cannot be written.
        """
        before = self.secret(KeyFile.ROOT).name.id
        if before == key_id:
            return
        if self.root(key_id) is None:
            raise KeyFileError(f"{self.path / _root_file(key_id)} does not exist.")
        current, temporary = self.path / KeyFile.ROOT, self.path / f".root.{secrets.token_hex(8)}"
        try:
            with contextlib.suppress(FileExistsError):
                os.link(current, self.path / _root_file(before))
            os.link(self.path / _root_file(key_id), temporary)
            temporary.replace(current)
            (self.path / _root_file(key_id)).unlink()
            sync_folder(self.path)
        except OSError as exc:
            raise KeyFileError(f"The key folder {self.path} cannot be written: {exc.strerror}.") from exc

    def signing_key(self, file: str) -> SigningKey:
        """Read `token.pem`, `gateway.pem` or one to come after them; raises KeyFileError as `secret` does."""
        try:
            return SigningKey.from_pem(self._read(file))
        except ValueError as exc:
            raise KeyFileError(f"{self.path / file} does not hold a P-256 private key.") from exc

    def log_key(self) -> LogKey:
        """Read `log.pem`; raises KeyFileError as `secret` does."""
        try:
            return LogKey.from_pem(self._read(KeyFile.LOG))
        except ValueError as exc:
            raise KeyFileError(f"{self.path / KeyFile.LOG} does not hold an Ed25519 private key.") from exc

    def _read(self, file: str) -> bytes:
        path = self.path / file
        try:
            _refuse_open_folder(self.path)
            with path.open("rb") as opened:
                _refuse_open_file(path, os.fstat(opened.fileno()))
                return opened.read(MAX_FILE_BYTES)
        except FileNotFoundError as exc:
            raise KeyFileError(f"{path} does not exist; restore it from its backup.") from exc
        except OSError as exc:
            raise KeyFileError(f"{path} cannot be read: {exc.strerror}.") from exc


def _root_file(key_id: UUID) -> str:
    return f"root-{key_id}.key"


def _refuse_open_folder(path: Path) -> None:
    if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise KeyFileError(f"{path} can be written by others; run: chmod go-w '{path}'")


def _refuse_open_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(f"{path} is not a file.")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"{path} is open to others; run: chmod 600 '{path}'")


def _new_content(file: KeyFile) -> bytes:
    if file is KeyFile.LOG:
        return LogKey.generate().to_pem()
    if file not in SYMMETRIC:
        return SigningKey.generate().to_pem()
    name = KeyName(file.removesuffix(".key"), None, uuid4())
    return format_symmetric(NamedKey(name, new_key())).encode()


def format_symmetric(named: NamedKey) -> str:
    """The text of a symmetric key file."""
    key = base64.urlsafe_b64encode(named.key.material).rstrip(b"=").decode()
    lines = (_FORMAT, f"kind: {named.name.kind}", f"id: {named.name.id}", f"key: {key}")
    return "\n".join((*lines, f"check: {_check(named.key.material)}", ""))


def _parse_symmetric(path: Path, content: bytes, kind: str) -> NamedKey:
    try:
        match = _TEXT.fullmatch(content.decode("ascii"))
        if match is None or match[1] != kind:
            raise KeyFileError(f"{path} is not a {kind} key in the format {_FORMAT}.")
        material = base64.urlsafe_b64decode(match[3] + "=")
        if not hmac.compare_digest(_check(material), match[4]):
            raise KeyFileError(f"{path} is damaged: its key does not match its check digits.")
        return NamedKey(KeyName(kind, None, UUID(match[2])), SecretKey(material))
    except (ValueError, binascii.Error) as exc:
        raise KeyFileError(f"{path} is not a {kind} key in the format {_FORMAT}.") from exc


def _check(material: bytes) -> str:
    return hashlib.sha256(_CHECK_LABEL + material).hexdigest()[:8]


def create_file(folder: Path, name: str, content: bytes, owner: tuple[int, int] | None = None) -> None:
    """Give `content` this name, durably, unless another process was first; its owner is ours if None."""
    temporary = folder / f".{name}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor, not a path
            opened.write(content)
            opened.flush()
            if owner is not None and owner != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, *owner)
            os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, folder / name)
    finally:
        temporary.unlink()
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
