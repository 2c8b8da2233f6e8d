"""Settings of the root keys: which one is the default, and how those that AWS KMS keeps are spoken to."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, SecretStr, model_validator

from services.kernel.store_settings import Told, endpoint_is_fit

_KMS_KEY = r"kms:arn:aws(-[a-z]+)*:kms:[a-z0-9]+(-[a-z0-9]+)+:\d{12}:key/[A-Za-z0-9-]{1,64}"


class RootSettings(BaseModel):
    """`REDWELL_ROOT` and `REDWELL_KMS_*`. A key of KMS is named with its region, so none is ever assumed."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    root: Annotated[str, Field(pattern=f"^(file|{_KMS_KEY})$")] = "file"
    """The root of firms that none was chosen for: `file` is `root.key`; or `kms:` and the ARN of a key."""

    root_trust_seconds: Annotated[float, Field(ge=1, le=60)] = 60.0
    """For how long a firm's key is used after KMS last opened it; it is asked again three times in that."""

    kms_endpoint: Annotated[str | None, Told] = None
    """`https://HOST[:PORT]`; AWS's own for each key's region if absent. Plain http is for this machine."""

    kms_credentials: Annotated[Path | None, Told] = None
    """A file of mode 0600 in the form of AWS's `credentials`, section `[default]`."""

    kms_access_key_id: Annotated[SecretStr | None, Told] = None
    kms_secret_access_key: Annotated[SecretStr | None, Told] = None
    kms_session_token: Annotated[SecretStr | None, Told] = None
    """In place of the file. Only the vault and `redwell keys` need them."""

    kms_ca: Annotated[Path | None, Told] = None
    """PEM file of the authority that vouches for the endpoint, where it is a private one."""

    kms_connect_seconds: PositiveFloat = 2.0
    kms_answer_seconds: PositiveFloat = 4.0
    kms_attempts: Annotated[int, Field(ge=1, le=5)] = 2

    @property
    def kms_is_told(self) -> bool:
        """Whether there are credentials for KMS."""
        return self.kms_credentials is not None or self.kms_access_key_id is not None

    @model_validator(mode="after")
    def _kms_can_be_asked(self) -> Self:
        key, secret = self.kms_access_key_id, self.kms_secret_access_key
        if (key is None) != (secret is None) or (key is not None and self.kms_credentials is not None):
            raise ValueError(
                "Either REDWELL_KMS_CREDENTIALS must name a file, or both REDWELL_KMS_ACCESS_KEY_ID and "
                "REDWELL_KMS_SECRET_ACCESS_KEY must be set"
            )
        if self.kms_endpoint is not None and not endpoint_is_fit(self.kms_endpoint):
            raise ValueError(
                "REDWELL_KMS_ENDPOINT must be https://HOST[:PORT]; http is for this machine only"
            )
        return self
