"""The grant types of the token endpoint: one row each, nothing else decides what is given a token."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from services.auth.devices.collecting import device_code
from services.auth.oauth.client_credentials import client_credentials
from services.auth.oauth.errors import InvalidRequest, UnsupportedGrantType
from services.auth.oauth.forms import Form
from services.auth.oauth.refresh_tokens import refresh_token
from services.auth.oauth.schemas import TokenAnswer
from services.auth.visit import Visit

Grant = Callable[[Visit, Form], Awaitable[TokenAnswer]]

GRANTS: Final[Mapping[str, Grant]] = MappingProxyType(
    {
        "client_credentials": client_credentials,
        "refresh_token": refresh_token,
        "urn:ietf:params:oauth:grant-type:device_code": device_code,
    }
)
"""`grant_type` -> how it is answered."""


async def issue(visit: Visit, form: Form) -> TokenAnswer:
    """Answer a token request by its grant type.

    Raises:
        InvalidRequest: it names none.
        UnsupportedGrantType: it names one that is not served.
    """
    wanted = form.get("grant_type")
    if wanted is None:
        raise InvalidRequest
    grant = GRANTS.get(wanted)
    if grant is None:
        raise UnsupportedGrantType
    return await grant(visit, form)
