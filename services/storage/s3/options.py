"""What one bucket needs to be spoken to, credentials included; a value, so that there may be several."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from services.kernel.aws_credentials import Credentials, CredentialsError, read_credentials
from services.kernel.store_settings import StoreSettings
from services.storage.protocol import StoreUnfitError


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
        try:
            return read_credentials(settings.s3_credentials)
        except CredentialsError as error:
            raise StoreUnfitError(str(error)) from None
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
