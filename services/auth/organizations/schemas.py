"""Wire types of organizations."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from services.auth.wire import Label, Wire
from services.kernel.scopes import OrganizationKind


class NewOrganization(Wire):
    kind: Literal["firm", "provider"]
    name: Label


class OrganizationView(Wire):
    id: UUID
    kind: OrganizationKind
    name: str
    state: Literal["active", "closed"]
    created_at: AwareDatetime
    solo_since: AwareDatetime | None


class FirstAdministrator(Wire):
    """A code for the first administrator, shown once; a newer one replaces it."""

    code: str
    expires_at: AwareDatetime


class OrganizationMade(Wire):
    organization: OrganizationView
    first_administrator: FirstAdministrator


class OrganizationPage(Wire):
    items: list[OrganizationView]
    next: str | None
