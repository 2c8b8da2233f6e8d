"""How the settings name roots, and what of it is refused before anything starts."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.kernel.root_settings import RootSettings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.kms.options import KmsKey, KmsUnfitError
from services.keys.opening import kms_options, open_roots
from services.keys.roots import UnknownRootError

KEY = "kms:arn:aws:kms:eu-central-1:123456789012:key/0192f0c1-0000-7000-8000-000000000001"
FILE = "[default]\naws_access_key_id = id\naws_secret_access_key = hidden\n"


def told(**settings: object) -> RootSettings:
    return RootSettings.model_validate(settings)


def credentials(folder: Path, text: str = FILE, mode: int = 0o600) -> Path:
    path = folder / "credentials"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_without_credentials_there_is_the_file_alone(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    keys.ensure(KeyFile.ROOT)
    roots = open_roots(told(), keys)
    assert roots.default.id == str(keys.secret(KeyFile.ROOT).name.id)
    assert not roots.reaches_elsewhere
    with pytest.raises(UnknownRootError):
        roots.named(KEY)


def test_a_default_in_kms_needs_credentials() -> None:
    with pytest.raises(KmsUnfitError, match="REDWELL_KMS_CREDENTIALS"):
        kms_options(told(root=KEY))


def test_the_region_is_the_keys_own() -> None:
    assert KmsKey.parse(KEY).region == "eu-central-1"


@pytest.mark.parametrize(
    "root",
    [
        "arn:aws:kms:eu-central-1:123456789012:key/1",
        "kms:arn:aws:kms::123456789012:key/1",
        "kms:arn:aws:kms:eu-central-1:123456789012:alias/firm",
        "kms:arn:aws:kms:eu-central-1:1234:key/1",
        "kms:1",
        f"{KEY}\n",
    ],
)
def test_a_key_is_named_whole(root: str) -> None:
    with pytest.raises(KmsUnfitError):
        KmsKey.parse(root)
    with pytest.raises(ValidationError):
        told(root=root)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kms_access_key_id": "id"},
        {"kms_secret_access_key": "hidden"},
        {"kms_access_key_id": "id", "kms_secret_access_key": "hidden", "kms_credentials": "/x"},
        {"kms_endpoint": "http://kms.example.com"},
        {"kms_endpoint": "https://user@kms.example.com"},
        {"root_trust_seconds": 61},
        {"root_trust_seconds": 0},
    ],
)
def test_settings_that_contradict_each_other_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        told(**wrong)
    assert "hidden" not in str(refused.value)


def test_a_file_of_credentials_is_read_and_never_shown(tmp_path: Path) -> None:
    options = kms_options(told(kms_credentials=credentials(tmp_path)))
    assert options is not None
    assert options.credentials.secret_access_key == "hidden"
    assert "hidden" not in repr(options)


@pytest.mark.parametrize(("text", "mode"), [(FILE, 0o640), ("[other]\n", 0o600), ("hidden", 0o600)])
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, mode: int) -> None:
    path = credentials(tmp_path, text, mode)
    with pytest.raises(KmsUnfitError) as refused:
        kms_options(told(kms_credentials=path))
    assert "hidden" not in str(refused.value)
    with pytest.raises(KmsUnfitError):
        kms_options(told(kms_credentials=tmp_path / "nothing"))
    with pytest.raises(KmsUnfitError):
        kms_options(told(kms_credentials=path, kms_ca=tmp_path / "nothing"))
