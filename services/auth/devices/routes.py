"""Signing devices in over HTTP: parse, call, return. The OAuth endpoints of devices are in `oauth`."""

from fastapi import APIRouter, Response

from services.auth.devices import deciding, page
from services.auth.devices.schemas import DeviceView, UserCode
from services.auth.oauth.endpoints import VERIFICATION_PATH
from services.auth.visit import VisitDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.get(
    VERIFICATION_PATH,
    response_class=Response,
    **declare("devices.page", access="public", dialect="page", event="device.page.read"),
)
async def read_page() -> Response:
    """Show the page on which people sign a device in."""
    return Response(page.BODY, media_type="text/html; charset=utf-8", headers=page.HEADERS)


@router.post(
    "/v1/devices/find",
    **declare(
        "devices.find",
        scopes=(Scope.SELF,),
        event="device.viewed",
        fresh=True,
        problems=(429,),
        **json_body(),
    ),
)
async def find(visit: VisitDep, body: UserCode) -> DeviceView:
    """Look up what waits behind the code that a device shows."""
    return await deciding.find_device(visit, body)


@router.post(
    "/v1/devices/approve",
    **declare(
        "devices.approve",
        scopes=(Scope.SELF,),
        event="device.approved",
        fresh=True,
        problems=(429,),
        **json_body(),
    ),
)
async def approve(visit: VisitDep, body: UserCode) -> DeviceView:
    """Sign a device in as yourself, in a session of its own."""
    return await deciding.approve_device(visit, body)


@router.post(
    "/v1/devices/deny",
    **declare(
        "devices.deny",
        scopes=(Scope.SELF,),
        event="device.denied",
        fresh=True,
        problems=(429,),
        **json_body(),
    ),
)
async def deny(visit: VisitDep, body: UserCode) -> DeviceView:
    """See to it that a device is not signed in."""
    return await deciding.deny_device(visit, body)
