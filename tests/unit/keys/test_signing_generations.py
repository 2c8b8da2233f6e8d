from pathlib import Path

import pytest

from services.keys.files import KeyDirectory, KeyFile, KeyFileError
from services.keys.generations import CurrentKey, Generations


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    made = KeyDirectory(tmp_path / "keys")
    made.ensure(KeyFile.TOKEN)
    return made


def test_who_signs_follows_at_once(keys: KeyDirectory) -> None:
    files, signs = Generations(keys, KeyFile.TOKEN), CurrentKey(keys, KeyFile.TOKEN)
    before = signs().kid
    staged = files.stage().kid
    assert (signs().kid, files.staged(), files.read(staged).kid) == (before, [staged], staged)
    files.use(staged)
    assert (signs().kid, files.current.kid, files.staged()) == (staged, staged, [])
    assert before not in (keys.path / KeyFile.TOKEN).read_text()


@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda path: path.write_text("nothing")], ids=["away", "no key"]
)
def test_what_was_read_once_goes_on_signing(keys: KeyDirectory, damage: object) -> None:
    assert callable(damage)
    signs, whole = CurrentKey(keys, KeyFile.TOKEN), (keys.path / KeyFile.TOKEN).read_bytes()
    kid = signs().kid
    damage(keys.path / KeyFile.TOKEN)
    assert signs().kid == kid
    (keys.path / KeyFile.TOKEN).write_bytes(whole)
    (keys.path / KeyFile.TOKEN).chmod(0o600)
    assert signs().kid == kid


def test_a_file_is_what_its_name_says(keys: KeyDirectory) -> None:
    files = Generations(keys, KeyFile.TOKEN)
    staged = files.stage().kid
    (keys.path / f"token-{staged}.pem").write_bytes((keys.path / KeyFile.TOKEN).read_bytes())
    with pytest.raises(KeyFileError, match="holds the key"):
        files.use(staged)


def test_what_is_not_staged_cannot_be_used_and_is_no_error_to_forget(keys: KeyDirectory) -> None:
    files = Generations(keys, KeyFile.TOKEN)
    kid = "A" * 43
    files.discard(kid)
    with pytest.raises(KeyFileError, match="does not exist"):
        files.use(kid)


def test_a_staged_key_is_for_its_owner_alone(keys: KeyDirectory) -> None:
    staged = Generations(keys, KeyFile.TOKEN).stage().kid
    assert (keys.path / f"token-{staged}.pem").stat().st_mode & 0o777 == 0o600
