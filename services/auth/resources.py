"""What every request of this service works with, made once and kept in `app.state.auth`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.auth.identity import IdentityKeys
from services.auth.mail.transport import Transport
from services.auth.policies.places import Places
from services.auth.tokens import TokenMint
from services.kernel.database import Database
from services.kernel.settings import Settings
from services.keys.passwords import PasswordHasher


@dataclass(frozen=True, slots=True)
class Resources:
    """`signin` finds the tenant of a secret or an address, across tenants, and can do nothing else.

    `mail` is None where nothing is mailed; `places`, where countries of addresses are not known.
    """

    settings: Settings
    signin: Database
    keys: IdentityKeys
    mint: TokenMint
    hasher: PasswordHasher
    mail: Transport | None = None
    places: Places | None = None


def resources_of(request: Request) -> Resources:
    resources: Resources = request.app.state.auth
    return resources


ResourcesDep = Annotated[Resources, Depends(resources_of)]
