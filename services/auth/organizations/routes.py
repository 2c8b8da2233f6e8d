"""Organizations over HTTP: parse, call, return."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.auth.enrolment import solo
from services.auth.organizations import quota, service
from services.auth.organizations.schemas import (
    FirstAdministrator,
    NewOrganization,
    NewQuota,
    OrganizationMade,
    OrganizationPage,
    OrganizationView,
    QuotaView,
)
from services.auth.resources import ResourcesDep
from services.auth.wire import PageQuery
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.post(
    "/v1/organizations",
    status_code=201,
    **declare(
        "organizations.create",
        scopes=(Scope.ORGANIZATION_CREATE,),
        event="organization.created",
        fresh=True,
        **json_body(),
    ),
)
async def create_organization(
    act: OwnActDep, resources: ResourcesDep, body: NewOrganization
) -> OrganizationMade:
    """Make a firm or a provider, and a code for its first administrator, shown once."""
    return await service.create_organization(act, resources, body)


@router.get(
    "/v1/organizations",
    **declare("organizations.list", scopes=(Scope.ORGANIZATION_LIST,), event="organization.listed"),
)
async def list_organizations(act: OwnActDep, query: Annotated[PageQuery, Query()]) -> OrganizationPage:
    """List all organizations."""
    return await service.list_organizations(act, query)


@router.post(
    "/v1/organizations/{organization_id}/first-administrator",
    status_code=201,
    **declare(
        "organizations.invite_first_administrator",
        scopes=(Scope.ORGANIZATION_CREATE,),
        event="organization.administrator.invited",
        fresh=True,
        problems=(409,),
    ),
)
async def invite_first_administrator(
    act: OwnActDep, resources: ResourcesDep, organization_id: UUID
) -> FirstAdministrator:
    """Make a new code for the first administrator; the older ones are void."""
    return await service.invite_first_administrator(act, resources, organization_id)


@router.put(
    "/v1/organizations/{organization_id}/quota",
    **declare(
        "organizations.set_quota",
        scopes=(Scope.ORGANIZATION_QUOTA,),
        event="organization.quota.set",
        fresh=True,
        **json_body(),
    ),
)
async def set_quota(act: OwnActDep, organization_id: UUID, body: NewQuota) -> QuotaView:
    """Say how much content a firm may hold."""
    return await quota.set_quota(act, organization_id, body)


@router.post(
    "/v1/organization/solo",
    **declare(
        "organization.declare_solo",
        scopes=(Scope.MEMBER_MANAGE,),
        event="organization.solo.declared",
        fresh=True,
        problems=(409,),
    ),
)
async def declare_solo(act: OwnActDep) -> OrganizationView:
    """Declare your firm solo: its single member may hold all its roles, until somebody else joins."""
    return service.view_of(await solo.declare_solo(act))
