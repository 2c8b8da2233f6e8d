"""Wire types of teams."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from services.auth.wire import Label, Wire


class TeamName(Wire):
    """What people call it. Case does not tell two teams apart."""

    name: Label


class TeamView(Wire):
    id: UUID
    name: str
    state: Literal["active", "closed"]
    members: int
    """How many are in it now; of a closed team, how many were."""
    created_at: AwareDatetime
    etag: str
    """What `If-Match` must say to rename it."""


class TeamPage(Wire):
    items: list[TeamView]
    next: str | None


class TeamMemberView(Wire):
    team_id: UUID
    member_id: UUID
    added_at: AwareDatetime
    added_by: UUID


class TeamMemberPage(Wire):
    items: list[TeamMemberView]
    next: str | None


class ProviderTeamView(Wire):
    """A team as a firm that has engaged the provider sees it."""

    id: UUID
    name: str
    members: int


class ProviderTeamPage(Wire):
    items: list[ProviderTeamView]
    next: str | None
