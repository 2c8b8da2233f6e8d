"""Wire types of joining."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.auth.externals.schemas import ExternalTerms
from services.auth.wire import Email, Id, Label, NewPassword, Secret, Wire
from services.kernel.scopes import OrganizationKind, Role
from services.keys.totp import provisioning_uri

ISSUER = "Redwell"
Roles = Annotated[list[Annotated[Role, Field(strict=False)]], Field(min_length=1, max_length=8)]


class Join(Wire):
    """What somebody who was invited says of themselves."""

    code: Secret
    email: Email
    name: Label
    password: NewPassword


class TOTPSeed(Wire):
    """For an authenticator app: SHA-1, six digits, 30 seconds. Shown once."""

    secret: str
    uri: str


def seed_to_show(seed: str, account: str) -> TOTPSeed:
    """`account` is the address that an authenticator app shows beside the issuer."""
    return TOTPSeed(secret=seed, uri=provisioning_uri(seed, account=account, issuer=ISSUER))


class JoinedOrganization(Wire):
    id: UUID
    kind: OrganizationKind
    name: str


class Enrolment(Wire):
    """Begun. Nothing is signed in before the challenge is answered with a code of the new seed."""

    challenge: str
    expires_at: AwareDatetime
    totp: TOTPSeed
    member_id: UUID
    organization: JoinedOrganization
    roles: list[Role]


class NewInvitation(Wire):
    email: Email
    roles: Roles
    external: ExternalTerms | None = None
    """For somebody who belongs to the organization for a time."""
    team_id: Id | None = None
    """A team that they are in from the start."""
    deliver: Literal["mail", "reply"] = "reply"
    """Whether the code goes to the address invited, and to nobody else, or into the reply."""


class InvitationMade(Wire):
    """The code is shown once, to be handed to the person invited; None when it was mailed to them."""

    id: UUID
    code: str | None
    roles: list[Role]
    expires_at: AwareDatetime
