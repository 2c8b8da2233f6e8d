"""The OAuth endpoints over HTTP: parse, call, return."""

from fastapi import APIRouter, Response

from services.auth.devices import requesting
from services.auth.devices.schemas import DeviceAuthorization
from services.auth.oauth import discovery, endpoints, grants, introspection, revocation
from services.auth.oauth.client_authentication import ASSERTION_TYPE
from services.auth.oauth.forms import FormDep, declare_form
from services.auth.oauth.schemas import Introspection, KeySet, ServerMetadata, TokenAnswer
from services.auth.resources import ResourcesDep
from services.auth.tokens import CLIENT_ID
from services.auth.visit import VisitDep
from services.kernel.http.operation import declare

router = APIRouter()
_ASSERTION = {
    "client_id": "the client, if it is said twice",
    "client_assertion_type": ASSERTION_TYPE,
    "client_assertion": "a JWT signed with a key of the client (RFC 7523)",
}


@router.get(
    endpoints.METADATA_PATH,
    **declare("oauth.metadata", access="public", dialect="oauth", event="oauth.metadata.read"),
)
async def read_metadata(resources: ResourcesDep) -> ServerMetadata:
    """Say where tokens are had, and how (RFC 8414)."""
    return discovery.metadata(resources.settings.public_url)


@router.get(
    endpoints.KEYS_PATH,
    **declare("oauth.keys", access="public", dialect="oauth", event="oauth.keys.read"),
)
async def read_keys(visit: VisitDep) -> KeySet:
    """List the public keys that access tokens are signed with (RFC 7517)."""
    return await discovery.key_set(visit)


@router.post(
    endpoints.DEVICE_AUTHORIZATION_PATH,
    **declare_form(
        "oauth.authorize_device",
        event="device.requested",
        fields={"client_id": CLIENT_ID, "device_name": "what it is called", "scope": "not needed"},
        required=("client_id",),
    ),
)
async def authorize_device(visit: VisitDep, form: FormDep) -> DeviceAuthorization:
    """Get a code that somebody who is signed in elsewhere approves (RFC 8628)."""
    return await requesting.authorize_device(visit, form)


@router.post(
    endpoints.TOKEN_PATH,
    response_model_exclude_none=True,
    **declare_form(
        "oauth.token",
        event="token.issued",
        fields={
            "grant_type": "how the token is earned",
            "scope": "fewer scopes than there are",
            "device_code": "of a device that was approved",
            "refresh_token": "a person's, which works once",
            "acting_for": "with a refresh token: the organization to act for from now on",
            **_ASSERTION,
        },
        required=("grant_type",),
    ),
)
async def issue_token(visit: VisitDep, form: FormDep, response: Response) -> TokenAnswer:
    """Get an access token (RFC 6749)."""
    response.headers["Pragma"] = "no-cache"
    return await grants.issue(visit, form)


@router.post(
    endpoints.INTROSPECTION_PATH,
    response_model_exclude_none=True,
    **declare_form(
        "oauth.introspect",
        event="token.introspected",
        fields={"token": "the access token", "token_type_hint": "not needed", **_ASSERTION},
        required=("token", "client_assertion_type", "client_assertion"),
    ),
)
async def introspect(visit: VisitDep, form: FormDep) -> Introspection:
    """Ask, as a program, whether an access token of your organization is alive (RFC 7662)."""
    return await introspection.introspect(visit, form)


@router.post(
    endpoints.REVOCATION_PATH,
    **declare_form(
        "oauth.revoke",
        event="token.revoked",
        fields={"token": "an access or refresh token", "token_type_hint": "not needed", **_ASSERTION},
        required=("token",),
    ),
)
async def revoke(visit: VisitDep, form: FormDep) -> Response:
    """Give a token up: its session ends, with every token made in it (RFC 7009)."""
    await revocation.revoke(visit, form)
    return Response(status_code=200)
