"""Generations of the root key: one is current, the others are found by their ids."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.keys.files import KeyDirectory, KeyFile, KeyFileError
from services.keys.roots import FileRoot, Roots, UnknownRootError


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    directory = KeyDirectory(tmp_path / "keys")
    directory.ensure(KeyFile.ROOT)
    return directory


def test_a_new_root_becomes_the_current_one_and_the_old_one_is_kept(keys: KeyDirectory) -> None:
    old, new = keys.secret(KeyFile.ROOT), keys.new_root()
    assert keys.secret(KeyFile.ROOT) == old
    assert keys.other_roots() == [new.name.id]
    keys.use_root(new.name.id)
    keys.use_root(new.name.id)
    assert keys.secret(KeyFile.ROOT) == new
    assert keys.root(old.name.id) == old
    assert keys.other_roots() == [old.name.id]
    assert {path.name for path in keys.path.iterdir()} == {"root.key", f"root-{old.name.id}.key"}
    assert {path.stat().st_mode & 0o777 for path in keys.path.iterdir()} == {0o600}


def test_a_root_that_is_not_here_is_not_made_the_current_one(keys: KeyDirectory) -> None:
    old = keys.secret(KeyFile.ROOT)
    with pytest.raises(KeyFileError, match="does not exist"):
        keys.use_root(uuid4())
    assert keys.secret(KeyFile.ROOT) == old


def test_a_file_of_another_name_than_its_key_is_refused(keys: KeyDirectory) -> None:
    other = uuid4()
    (keys.path / f"root-{keys.new_root().name.id}.key").rename(keys.path / f"root-{other}.key")
    with pytest.raises(KeyFileError, match="holds the root key"):
        keys.root(other)


def test_a_process_finds_the_root_that_came_while_it_ran(keys: KeyDirectory) -> None:
    roots = Roots([FileRoot(keys.secret(KeyFile.ROOT))], directory=keys)
    new = keys.new_root()
    assert roots.named(str(new.name.id)).id == str(new.name.id)
    keys.use_root(new.name.id)
    assert roots.default.id == str(new.name.id)
    for unknown in (str(uuid4()), "altered", "../root"):
        with pytest.raises(UnknownRootError):
            roots.named(unknown)
