"""Wire types of members and of the firms that they act for."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime

from services.auth.enrolment.schemas import JoinedOrganization, Roles
from services.auth.resets.schemas import ResetView
from services.auth.wire import Wire
from services.kernel.countries import known_country
from services.kernel.scopes import Role


class OwnSession(Wire):
    id: UUID
    auth_time: AwareDatetime
    idle_expires_at: AwareDatetime
    expires_at: AwareDatetime


class Me(Wire):
    """Who the token says one is; `acting_for` and `scope` are the token's, the rest is as it is now."""

    id: UUID
    name: str
    email: str
    organization: JoinedOrganization
    roles: list[Role]
    acting_for: UUID
    scope: str
    session: OwnSession
    recovery_codes_left: int
    solo_since: AwareDatetime | None
    """While set, one's firm has a single member, who may hold roles that otherwise exclude each other."""
    pending_reset: ResetView | None
    """Somebody is about to be let in anew; any administrator may cancel it."""


class MemberView(Wire):
    id: UUID
    name: str
    email: str
    roles: list[Role]
    state: Literal["enrolling", "active", "suspended", "removed"]
    etag: str
    """What `If-Match` must say to change the roles; it changes with them and with the state."""


class NewRoles(Wire):
    """All roles that the member has from now on."""

    roles: Roles


class MemberPage(Wire):
    items: list[MemberView]
    next: str | None


class ColleagueView(Wire):
    """One of the provider's people, as a firm that has engaged it sees them."""

    id: UUID
    name: str
    roles: list[Role]


class ColleaguePage(Wire):
    items: list[ColleagueView]
    next: str | None


class FirmView(Wire):
    """A firm that one may act for, by which engagement."""

    id: UUID
    name: str
    engagement_id: UUID
    services: list[str]
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None


class FirmPage(Wire):
    items: list[FirmView]
    next: str | None


class MemberCountry(Wire):
    """An assigned alpha-2 code of ISO 3166-1; null where it is not known."""

    country: Annotated[str, AfterValidator(known_country)] | None
