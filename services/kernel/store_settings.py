"""Settings of the object store: where sealed content lies, and how the store there is spoken to."""

import ipaddress
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)

DEFAULT_STORE = "default"
"""What the store is called that every firm has until another is chosen for it."""

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_REGION = r"[a-z0-9]+(-[a-z0-9]+)*"
_PREFIX = r"([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?"

Region = Annotated[str, Field(pattern=f"^{_REGION}$", max_length=64)]
StoreName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Bucket = Annotated[str, Field(pattern=f"^{_BUCKET}$")]
Told = BeforeValidator(lambda told: told or None)
"""An empty variable is one that was not set."""


class StoreSettings(BaseModel):
    """`REDWELL_STORE`, and the `REDWELL_S3_*` that it needs when it is `s3`. No region is ever assumed."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    store: Literal["directory", "s3"] = "directory"
    """`directory` keeps objects in `objects`; `s3` in a bucket."""

    objects: Path
    """The folder of the directory store."""

    s3_endpoint: Annotated[str | None, Told] = None
    """`https://HOST[:PORT]`; AWS's own for the region if absent. Plain http goes to this machine only."""

    s3_region: Annotated[Region | None, Told] = None
    s3_bucket: Annotated[Bucket | None, Told] = None

    s3_prefix: Annotated[str, Field(pattern=f"^{_PREFIX}$", max_length=128)] = ""
    """What every object's key starts with; several deployments may share a bucket under different ones."""

    s3_credentials: Annotated[Path | None, Told] = None
    """A file of mode 0600 in the form of AWS's `credentials`, section `[default]`."""

    s3_access_key_id: Annotated[SecretStr | None, Told] = None
    s3_secret_access_key: Annotated[SecretStr | None, Told] = None
    s3_session_token: Annotated[SecretStr | None, Told] = None
    """In place of the file. Only the vault needs credentials, and refuses to start without."""

    s3_ca: Annotated[Path | None, Told] = None
    """PEM file of the authority that vouches for the server, where it is a private one."""

    s3_addressing: Annotated[Literal["path", "virtual"] | None, Told] = None
    """Where the bucket's name goes in the address; `path` with an endpoint, `virtual` without, if absent."""

    s3_checksum: Literal["sha256", "read-back"] = "sha256"
    """How the store shows that it holds what was sent: it checks and repeats a SHA-256, or is read again."""

    s3_sign_payload: bool = False
    """Sign the body of each request too, for servers that insist; costs more processor time than sealing."""

    s3_connect_seconds: PositiveFloat = 5.0
    s3_stall_seconds: PositiveFloat = 20.0
    """For how long a connection may stand still."""

    s3_operation_seconds: PositiveFloat = 60.0
    """For one put, get, delete or page of a listing, with all its attempts."""

    s3_attempts: Annotated[int, Field(ge=1, le=10)] = 4
    s3_connections: Annotated[int, Field(ge=1, le=256)] = 16
    """Threads that speak to the store, and connections of each kind; of each process."""

    orphan_grace_seconds: PositiveInt = 3600
    """How old an object without a row must be before the sweep deletes it; longer than any single put."""

    @property
    def store_text(self) -> str:
        """Where objects lie, in words."""
        if self.store == "directory":
            return f"the folder {self.objects}"
        way = "TLS" if self.s3_endpoint is None or self.s3_endpoint.startswith("https:") else "no TLS"
        server = self.s3_endpoint or "AWS"
        return f"the bucket {self.s3_bucket} at {server} (S3, region {self.s3_region}, {way})"

    @model_validator(mode="after")
    def _store_is_told(self) -> Self:
        if self.store == "s3":
            _require_bucket(self)
        elif self.s3_bucket is not None:
            raise ValueError("REDWELL_S3_BUCKET is set, but REDWELL_STORE is not s3")
        return self


class NamedStore(StoreSettings):
    """One of `REDWELL_STORES`. Its credentials are in a file, so that no variable holds those of all."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    objects: Path = Path()

    @model_validator(mode="after")
    def _place_is_told(self) -> Self:
        if self.store == "directory" and not self.objects.is_absolute():
            raise ValueError("a directory among REDWELL_STORES needs `objects`, an absolute path")
        if self.s3_access_key_id or self.s3_secret_access_key or self.s3_session_token:
            raise ValueError("a bucket among REDWELL_STORES names its credentials' file, `s3_credentials`")
        return self


def _parsed(told: object) -> object:
    if not isinstance(told, str):
        return told
    try:
        return json.loads(told or "{}")
    except ValueError:
        raise ValueError("REDWELL_STORES must be a JSON object: name -> settings of that store") from None


class StoresSettings(StoreSettings):
    """The default store, and `REDWELL_STORES`: those that a firm may be given in place of it."""

    stores: Annotated[Mapping[StoreName, NamedStore], BeforeValidator(_parsed)] = {}

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        if DEFAULT_STORE in self.stores:
            raise ValueError(f"REDWELL_STORES cannot name a store {DEFAULT_STORE}: that is REDWELL_STORE's")
        return self


def _require_bucket(told: StoreSettings) -> None:
    if told.s3_region is None:
        raise ValueError("REDWELL_S3_REGION must name the region in which content may lie")
    if told.s3_bucket is None:
        raise ValueError("REDWELL_S3_BUCKET must name the bucket")
    if told.s3_operation_seconds >= told.orphan_grace_seconds:
        raise ValueError("REDWELL_S3_OPERATION_SECONDS must be less than REDWELL_ORPHAN_GRACE_SECONDS")
    if told.s3_endpoint is not None and not endpoint_is_fit(told.s3_endpoint):
        raise ValueError(
            "REDWELL_S3_ENDPOINT must be https://HOST or https://HOST:PORT; http is for this machine only"
        )


def endpoint_is_fit(endpoint: str) -> bool:
    """Whether it is the origin of a server, and speaks TLS or is on this machine."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", endpoint):
        return False
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or is_loopback(parts.hostname or ""))


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
