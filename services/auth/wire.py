"""Wire types that several nouns of this service share."""

import base64
import binascii
import unicodedata
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from services.auth.addresses import normalise
from services.kernel.problems import InvalidInput

_JOINERS = "\u200c\u200d"  # invisible, but part of how some names are spelt


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _label(text: str) -> str:
    """Text that people read: NFC, trimmed, without control, direction or private characters."""
    clean = unicodedata.normalize("NFC", text).strip()
    if not clean or any(unicodedata.category(c)[0] == "C" and c not in _JOINERS for c in clean):
        raise ValueError("not a name")
    return clean


Id = Annotated[UUID, Field(strict=False)]
Email = Annotated[str, Field(max_length=254), AfterValidator(normalise)]
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_label)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
NewPassword = Annotated[SecretStr, Field(min_length=8, max_length=1024)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=100)]
"""A code of ours, such as `rw_inv_…`. Whatever is not one is unknown, not malformed."""

Digits = Annotated[SecretStr, Field(min_length=1, max_length=12)]
"""What an authenticator app shows."""


class AccessToken(Wire):
    """An access token (RFC 6750), for the organization `acting_for` alone; `scope` is space-separated.

    One of type `DPoP` is good with a proof of the session's key alone (RFC 9449).
    """

    access_token: str
    token_type: Literal["Bearer", "DPoP"] = "Bearer"  # noqa: S105 -- a token's type
    expires_in: int
    acting_for: UUID
    scope: str


class TokenPair(AccessToken):
    """With the refresh token, which works once and is answered with the next."""

    refresh_token: str


class PageQuery(Wire):
    limit: Annotated[int, Field(strict=False, ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=100)] = None

    @property
    def after(self) -> UUID | None:
        """The id after which the page begins.

        Raises:
            InvalidInput: the cursor is not one that was given out.
        """
        if self.cursor is None:
            return None
        try:
            position = UUID(bytes=base64.b64decode(self.cursor, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError):
            raise InvalidInput("The cursor is not one that was given out.") from None
        if cursor_of(position) != self.cursor:
            raise InvalidInput("The cursor is not one that was given out.")
        return position


def cursor_of(position: UUID) -> str:
    return base64.urlsafe_b64encode(position.bytes).decode()
