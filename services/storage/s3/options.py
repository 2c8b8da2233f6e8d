"""What one bucket needs to be spoken to, credentials included; a value, so that there may be several."""

import configparser
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from services.kernel.store_settings import StoreSettings
from services.storage.protocol import StoreUnfitError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Credentials:
    """Never printed."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and counts; `StoreSettings` says what each is for."""

    connect_seconds: float
    stall_seconds: float
    operation_seconds: float
    attempts: int
    connections: int


@dataclass(frozen=True, slots=True)
class S3Options:
    """`endpoint` None: AWS's own for the region. `prefix`: empty, or without a slash at either end."""

    endpoint: str | None
    region: str
    bucket: str
    prefix: str
    credentials: Credentials
    ca: Path | None
    addressing: Literal["path", "virtual"]
    checksum: Literal["sha256", "read-back"]
    sign_payload: bool
    limits: Limits

    @property
    def where(self) -> str:
        """The bucket as sentences name it."""
        return f"the bucket {self.bucket} at {self.endpoint or 'AWS'}"


def options_of(settings: StoreSettings) -> S3Options:
    """The bucket that the settings name.

    Raises:
        StoreUnfitError: credentials are missing, or a file that is named cannot be used.
    """
    assert settings.s3_region is not None, "settings were checked"
    assert settings.s3_bucket is not None, "settings were checked"
    if settings.s3_ca is not None and not settings.s3_ca.is_file():
        raise StoreUnfitError(f"The CA file {settings.s3_ca} is not there.")
    return S3Options(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        bucket=settings.s3_bucket,
        prefix=settings.s3_prefix,
        credentials=_credentials(settings),
        ca=settings.s3_ca,
        addressing=settings.s3_addressing or ("path" if settings.s3_endpoint else "virtual"),
        checksum=settings.s3_checksum,
        sign_payload=settings.s3_sign_payload,
        limits=Limits(
            connect_seconds=settings.s3_connect_seconds,
            stall_seconds=settings.s3_stall_seconds,
            operation_seconds=settings.s3_operation_seconds,
            attempts=settings.s3_attempts,
            connections=settings.s3_connections,
        ),
    )


def _credentials(settings: StoreSettings) -> Credentials:
    key, secret, token = settings.s3_access_key_id, settings.s3_secret_access_key, settings.s3_session_token
    if settings.s3_credentials is not None and key is None and secret is None:
        return read_credentials(settings.s3_credentials)
    if settings.s3_credentials is not None or key is None or secret is None:
        raise StoreUnfitError(
            "Either REDWELL_S3_CREDENTIALS must name a file, or both REDWELL_S3_ACCESS_KEY_ID and "
            "REDWELL_S3_SECRET_ACCESS_KEY must be set."
        )
    return Credentials(
        key.get_secret_value(),
        secret.get_secret_value(),
        token.get_secret_value() if token else None,
    )


def read_credentials(path: Path) -> Credentials:
    """Section `[default]` of a file in the form of AWS's `credentials`.

    Raises:
        StoreUnfitError: it is missing, open to others, or without the two names. Its content is not repeated.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise StoreUnfitError(f"The file of credentials {path} cannot be read.") from exc
    if mode & _OTHERS:
        raise StoreUnfitError(f"The file of credentials {path} is open to others; chmod 600 '{path}'.")
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text)
        section = parser["default"]
        return Credentials(
            section["aws_access_key_id"],
            section["aws_secret_access_key"],
            section.get("aws_session_token"),
        )
    except (configparser.Error, KeyError):
        # What the parser says would repeat a line of the file.
        raise StoreUnfitError(
            f"The file of credentials {path} needs a section [default] with aws_access_key_id and "
            "aws_secret_access_key."
        ) from None
