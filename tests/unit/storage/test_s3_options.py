"""Where the credentials for a bucket come from, and what is said when they do not."""

from pathlib import Path
from typing import Any

import pytest

from services.kernel.aws_credentials import Credentials, read_credentials
from services.kernel.store_settings import StoreSettings
from services.storage.protocol import StoreUnfitError
from services.storage.s3.options import options_of

GOOD = "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = a%b=c\n"
NAMED = {"s3_access_key_id": "AKIDEXAMPLE", "s3_secret_access_key": "a%b=c"}


def settings(**changes: Any) -> StoreSettings:
    told = {"store": "s3", "objects": "o", "s3_region": "eu-central-1", "s3_bucket": "case-files"}
    return StoreSettings.model_validate({**told, **changes})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "credentials"
    path.write_text(GOOD)
    path.chmod(0o600)
    return path


def test_file_and_environment_give_the_same(file: Path) -> None:
    assert options_of(settings(s3_credentials=file)) == options_of(settings(**NAMED))
    assert read_credentials(file) == Credentials("AKIDEXAMPLE", "a%b=c")
    file.write_text(f"{GOOD}aws_session_token = t\n[other]\naws_access_key_id = x\n")
    assert read_credentials(file) == Credentials("AKIDEXAMPLE", "a%b=c", "t")


def test_neither_or_both_or_half_is_refused(file: Path) -> None:
    for told in ({}, {"s3_access_key_id": "x"}, {**NAMED, "s3_credentials": file}):
        with pytest.raises(StoreUnfitError, match="Either REDWELL_S3_CREDENTIALS"):
            options_of(settings(**told))


def test_file_that_is_open_to_others_is_refused(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(StoreUnfitError, match="chmod 600"):
        options_of(settings(s3_credentials=file))


@pytest.mark.parametrize(
    "text", ["", "secret-word", "[default]\naws_access_key_id = secret-word\n", "[other]\n", "[default"]
)
def test_file_that_is_none_is_refused_without_repeating_it(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(StoreUnfitError, match=r"needs a section \[default\]") as refused:
        options_of(settings(s3_credentials=file))
    assert "secret-word" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnfitError, match="cannot be read"):
        options_of(settings(s3_credentials=tmp_path / "nowhere"))
    with pytest.raises(StoreUnfitError, match="CA file"):
        options_of(settings(**NAMED, s3_ca=tmp_path / "ca.pem"))


def test_addressing_is_what_the_server_most_likely_has() -> None:
    assert options_of(settings(**NAMED)).addressing == "virtual"
    assert options_of(settings(**NAMED, s3_endpoint="https://s3.example.com")).addressing == "path"
    told = {**NAMED, "s3_endpoint": "https://s3.example.com", "s3_addressing": "virtual"}
    assert options_of(settings(**told)).addressing == "virtual"
