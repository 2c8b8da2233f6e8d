"""Settings: one frozen, typed object read once from `REDWELL_*`. No secret has a default."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.mail_url import Relay, parse_mail_url
from services.kernel.quota_settings import QuotaSettings
from services.kernel.root_settings import RootSettings
from services.kernel.scanner_settings import ScannerSettings
from services.kernel.store_settings import StoresSettings

MIB = 1024 * 1024


class Settings(StoresSettings, QuotaSettings, RootSettings, ScannerSettings, BaseSettings):
    """What an instance is told from outside. Names carry their unit."""

    model_config = SettingsConfigDict(
        env_prefix="REDWELL_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    public_url: str = "https://localhost:8443"
    """The origin that people and programs use; token issuer and audience, and the host in log origins."""

    deployment: str = "main"
    """A name for this instance among others of the same host; part of every log origin."""

    keys: Path
    """The folder with this process's key files."""

    database_host: str
    """Host name, or the folder of the Unix socket."""

    database_port: PositiveInt = 5432
    database_name: str = "redwell"
    database_passwords: SecretStr
    """JSON object: database role -> password, for the roles that this process uses."""

    tls_chain: Path | None = None
    tls_key: Path | None = None
    """Certificate and key, for the process that faces people; PEM files."""

    mail_url: Annotated[SecretStr | None, BeforeValidator(lambda told: told or None)] = None
    """Where mail goes (`mail_url.py` has the forms); nothing is mailed if absent or empty."""

    mail_from: str = ""
    """The address that mail is from; needed for a mail server."""

    address_countries: Annotated[Path | None, BeforeValidator(lambda told: told or None)] = None
    """A file of the MaxMind DB format that says in which country an address is; policies may then ask."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    document_limit_bytes: PositiveInt = 64 * 1024 * MIB
    """The largest document taken."""

    upload_lifetime_seconds: PositiveInt = 24 * 3600
    upload_minimum_rate_bytes: PositiveInt = 1024
    """Bytes a second, averaged over 30 s, below which a transfer is cut."""

    patch_minimum_bytes: PositiveInt = 256 * 1024
    """The least that a PATCH brings, unless it brings the rest: so 50 GiB are at most 204,800 of them."""

    upload_metadata_limit_bytes: Annotated[int, Field(gt=0, le=4096)] = 4096
    """The longest `Upload-Metadata` taken; one line of a request's head is at most 4 KiB at the edge."""

    transfers_per_session: PositiveInt = 32
    transfers_per_process: PositiveInt = 64
    """Uploads and fetches at once; each holds up to 24 MiB."""

    archive_limit_documents: Annotated[int, Field(gt=0, le=10_000)] = 1000
    archive_limit_bytes: PositiveInt = 16 * 1024 * MIB
    """The most documents, and bytes of content, in one archive."""

    sweep_interval_seconds: PositiveInt = 300
    checkpoint_interval_seconds: Annotated[float, Field(gt=0, le=10)] = 2.0
    access_token_seconds: Annotated[int, Field(gt=0, le=600)] = 600
    session_idle_seconds: PositiveInt = 3600
    """How long a session lasts without being renewed."""

    session_absolute_seconds: PositiveInt = 12 * 3600
    """How long a session lasts at all, however often it is renewed."""

    invitation_lifetime_seconds: Annotated[int, Field(gt=0, le=72 * 3600)] = 72 * 3600

    @model_validator(mode="after")
    def _mail_can_go(self) -> Self:
        if self.mail_url is not None:
            place = parse_mail_url(self.mail_url.get_secret_value())
            if isinstance(place, Relay) and "@" not in self.mail_from:
                raise ValueError("REDWELL_MAIL_FROM must name the address that mail is from")
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The settings that a process with exactly this environment would read."""
        prefix = "REDWELL_"
        told = {
            name.removeprefix(prefix).lower(): value
            for name, value in environment.items()
            if name.startswith(prefix)
        }
        return cls.model_validate(told)
