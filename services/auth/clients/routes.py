"""Programs over HTTP: parse, call, return."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.auth.clients import service
from services.auth.clients.schemas import ClientPage, ClientView, NewClient, NewKey
from services.auth.resources import ResourcesDep
from services.auth.wire import PageQuery
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)
Kid = Annotated[str, Path(max_length=64)]
_MANAGE = (Scope.CLIENT_MANAGE,)


@router.post(
    "/v1/clients",
    status_code=201,
    **declare("clients.create", scopes=_MANAGE, event="client.created", fresh=True, **json_body()),
)
async def create(act: OwnActDep, resources: ResourcesDep, body: NewClient) -> ClientView:
    """Make a program of your organization; attorneys put it on matters, like a member."""
    return await service.create(act, resources, body)


@router.get("/v1/clients", **declare("clients.list", scopes=_MANAGE, event="client.listed"))
async def list_clients(
    act: OwnActDep, resources: ResourcesDep, query: Annotated[PageQuery, Query()]
) -> ClientPage:
    """List your organization's programs with their keys, and when each was last used."""
    return await service.list_clients(act, resources, query)


@router.post(
    "/v1/clients/{client_id}/keys",
    status_code=201,
    **declare(
        "clients.add_key",
        scopes=_MANAGE,
        event="client.key.added",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def add_key(act: OwnActDep, resources: ResourcesDep, client_id: UUID, body: NewKey) -> ClientView:
    """Let a program be known by a public key; the private half stays with it."""
    return await service.add_key(act, resources, client_id, body)


@router.post(
    "/v1/clients/{client_id}/keys/{kid}/revoke",
    **declare("clients.revoke_key", scopes=_MANAGE, event="client.key.revoked", fresh=True),
)
async def revoke_key(act: OwnActDep, resources: ResourcesDep, client_id: UUID, kid: Kid) -> ClientView:
    """Revoke a key: what was begun with it ends at once."""
    return await service.revoke_key(act, resources, client_id, kid)


@router.post(
    "/v1/clients/{client_id}/disable",
    **declare("clients.disable", scopes=_MANAGE, event="client.disabled", fresh=True, problems=(409,)),
)
async def disable(act: OwnActDep, resources: ResourcesDep, client_id: UUID) -> ClientView:
    """Disable a program for good: its tokens and running transfers end at once."""
    return await service.disable(act, resources, client_id)
