"""Wire types of organizations."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

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


class NewQuota(Wire):
    quota_bytes: Annotated[int, Field(ge=1, le=2**53 - 1)] | None
    """The most content that the firm may hold, in bytes; null: the default again."""


class QuotaView(Wire):
    organization_id: UUID
    quota_bytes: int | None
