"""Settings of the object store: nothing is assumed about where content may lie."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.kernel.store_settings import StoreSettings

S3 = {
    "store": "s3",
    "objects": "o",
    "s3_endpoint": "https://s3.example.com:9000",
    "s3_region": "eu-central-1",
    "s3_bucket": "case-files",
}


def told(**changes: Any) -> StoreSettings:
    return StoreSettings.model_validate({**S3, **changes})


def test_what_is_complete_is_taken() -> None:
    assert told().store_text == (
        "the bucket case-files at https://s3.example.com:9000 (S3, region eu-central-1, TLS)"
    )
    assert "AWS" in told(s3_endpoint="").store_text
    assert "no TLS" in told(s3_endpoint="http://127.0.0.1:8333").store_text
    assert StoreSettings.model_validate({"objects": "o"}).store_text == "the folder o"


@pytest.mark.parametrize("name", ["s3_region", "s3_bucket"])
@pytest.mark.parametrize("value", ["", None])
def test_region_and_bucket_are_never_assumed(name: str, value: str | None) -> None:
    with pytest.raises(ValidationError, match=f"REDWELL_{name.upper()} must name"):
        told(**{name: value})


def test_a_bucket_for_a_directory_store_is_a_slip() -> None:
    with pytest.raises(ValidationError, match="REDWELL_STORE is not s3"):
        told(store="directory")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://s3.example.com",
        "http://10.0.0.7:9000",
        "http://localhost.example.com",
        "https://user:word@s3.example.com",
        "https://s3.example.com/path",
        "https://s3.example.com:notaport",
        "https://",
        "s3.example.com",
        "ftp://s3.example.com",
        "https://s3.example.com\nx",
    ],
)
def test_endpoint_is_an_origin_and_plain_http_stays_here(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="REDWELL_S3_ENDPOINT"):
        told(s3_endpoint=endpoint)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8333", "http://localhost:8333", "http://[::1]:8333"])
def test_plain_http_to_this_machine_is_taken(endpoint: str) -> None:
    assert told(s3_endpoint=endpoint).s3_endpoint == endpoint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("s3_bucket", "Upper"),
        ("s3_bucket", "a/b"),
        ("s3_region", "eu central"),
        ("s3_prefix", "../up"),
        ("s3_prefix", "/slash"),
        ("s3_prefix", "slash/"),
        ("s3_prefix", "name of a client"),
        ("s3_addressing", "dns"),
        ("s3_checksum", "none"),
        ("s3_attempts", 0),
        ("s3_stall_seconds", 0),
        ("s3_operation_seconds", 3600),
    ],
)
def test_what_cannot_be_is_refused_without_repeating_it(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        told(**{name: value})
    assert len(str(value)) < 4 or f"input_value='{value}'" not in str(refused.value)


def test_credentials_are_never_shown() -> None:
    settings = told(s3_access_key_id="AKIDEXAMPLE", s3_secret_access_key="not-for-eyes")
    assert "not-for-eyes" not in f"{settings}{settings!r}"
    assert "AKIDEXAMPLE" not in repr(settings)
