import os
import re
from pathlib import Path

import pytest

from services.keys.files import KeyDirectory, KeyFile, KeyFileError


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    directory = KeyDirectory(tmp_path / "a folder" / "keys")
    directory.ensure()
    return directory


def test_every_key_is_made_once_and_read_back(keys: KeyDirectory) -> None:
    before = {file: (keys.path / file).read_bytes() for file in KeyFile}
    keys.ensure()
    assert {file: (keys.path / file).read_bytes() for file in KeyFile} == before
    root = keys.secret(KeyFile.ROOT)
    assert root == KeyDirectory(keys.path).secret(KeyFile.ROOT)
    assert root.name.kind == "root"
    assert root.name.tenant is None
    assert len({keys.secret(file).key for file in (KeyFile.ROOT, KeyFile.IDENTITY, KeyFile.SUBJECTS)}) == 3
    assert keys.signing_key(KeyFile.TOKEN).kid != keys.signing_key(KeyFile.GATEWAY).kid
    assert keys.log_key().public_bytes == keys.log_key().public_bytes


def test_only_the_owner_can_read(keys: KeyDirectory) -> None:
    assert {(keys.path / file).stat().st_mode & 0o777 for file in KeyFile} == {0o600}
    assert keys.path.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in keys.path.iterdir()} == {file.value for file in KeyFile}


def test_reading_never_makes_a_key(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    for read in (lambda: keys.secret(KeyFile.ROOT), lambda: keys.signing_key(KeyFile.TOKEN), keys.log_key):
        with pytest.raises(KeyFileError, match="does not exist"):
            read()
    assert not list(tmp_path.iterdir())


def test_only_the_named_key_is_made(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    keys.ensure(KeyFile.LOG)
    assert keys.has(KeyFile.LOG)
    assert not keys.has(KeyFile.ROOT)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o666])
def test_file_open_to_others_is_refused(keys: KeyDirectory, mode: int) -> None:
    (keys.path / KeyFile.ROOT).chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keys.secret(KeyFile.ROOT)


def test_folder_others_can_write_is_refused(keys: KeyDirectory) -> None:
    keys.path.chmod(0o770)
    with pytest.raises(KeyFileError, match="chmod go-w"):
        keys.log_key()


def spoil(keys: KeyDirectory, file: KeyFile, content: bytes) -> None:
    path = keys.path / file
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (b"redwell-key/v1", b"redwell-key/v2"),
        (b"kind: root", b"kind: identity"),
        (rb"id: .", b"id: g"),
        (rb"check: [0-9a-f]+", b"check: 00000000"),
        (rb"\ncheck.*\n", b"\n"),
        (rb"$", b"more"),
        (rb"(?s).+", b""),
        (rb"kind", b"\xff\xfe"),
    ],
)
def test_damaged_key_is_refused(keys: KeyDirectory, pattern: bytes, replacement: bytes) -> None:
    content = (keys.path / KeyFile.ROOT).read_bytes()
    spoil(keys, KeyFile.ROOT, re.sub(pattern, replacement, content, count=1))
    with pytest.raises(KeyFileError):
        keys.secret(KeyFile.ROOT)


def test_key_of_another_kind_is_refused(keys: KeyDirectory) -> None:
    spoil(keys, KeyFile.TOKEN, (keys.path / KeyFile.LOG).read_bytes())
    with pytest.raises(KeyFileError, match="P-256"):
        keys.signing_key(KeyFile.TOKEN)
    spoil(keys, KeyFile.LOG, (keys.path / KeyFile.GATEWAY).read_bytes())
    with pytest.raises(KeyFileError, match="Ed25519"):
        keys.log_key()
    spoil(keys, KeyFile.GATEWAY, b"no key at all")
    with pytest.raises(KeyFileError, match="P-256"):
        keys.signing_key(KeyFile.GATEWAY)


def test_a_key_pair_is_not_a_symmetric_key(keys: KeyDirectory) -> None:
    with pytest.raises(ValueError, match="key pair"):
        keys.secret(KeyFile.TOKEN)


def test_folder_in_the_place_of_a_key_is_refused(keys: KeyDirectory) -> None:
    (keys.path / KeyFile.ROOT).unlink()
    (keys.path / KeyFile.ROOT).mkdir()
    with pytest.raises(KeyFileError):
        keys.secret(KeyFile.ROOT)


def test_device_in_the_place_of_a_key_is_refused(keys: KeyDirectory) -> None:
    (keys.path / KeyFile.ROOT).unlink()
    (keys.path / KeyFile.ROOT).symlink_to("/dev/null")
    with pytest.raises(KeyFileError, match="is not a file"):
        keys.secret(KeyFile.ROOT)


def test_key_made_by_another_process_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyDirectory(tmp_path)
    other = b"made by another process first"

    def lose_the_race(_source: Path, target: Path) -> None:
        target.write_bytes(other)
        raise FileExistsError

    monkeypatch.setattr(os, "link", lose_the_race)
    keys.ensure(KeyFile.ROOT)
    assert (tmp_path / KeyFile.ROOT).read_bytes() == other
    assert [path.name for path in tmp_path.iterdir()] == [KeyFile.ROOT]


def test_failed_sync_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyFileError, match="Input/output error"):
        KeyDirectory(tmp_path).ensure(KeyFile.ROOT)
    assert not list(tmp_path.iterdir())
