"""Wire types of signing devices in."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.auth.wire import Label, Secret, Wire


class DeviceAuthorization(Wire):
    """RFC 8628 section 3.2. There is no link with the code in it: typing it is what makes one look."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int


class DeviceName(Wire):
    name: Annotated[Label, Field(max_length=100)]


class UserCode(Wire):
    """`user_code`: as the device shows it; case and punctuation do not matter."""

    user_code: Secret


class DeviceView(Wire):
    """What asks to be signed in as oneself. `name` is the device's own word; the rest is what was seen.

    `from_here`: it asked from the network that this very request comes from.
    """

    id: UUID
    name: str | None
    address: str
    from_here: bool
    requested_at: AwareDatetime
    expires_at: AwareDatetime
