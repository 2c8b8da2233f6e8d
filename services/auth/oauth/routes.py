"""The OAuth endpoints over HTTP: parse, call, return."""

from fastapi import APIRouter, Response

from services.auth.oauth import discovery, grants
from services.auth.oauth.forms import FormDep, declare_form
from services.auth.oauth.schemas import KeySet, ServerMetadata, TokenAnswer
from services.auth.resources import ResourcesDep
from services.auth.visit import VisitDep
from services.kernel.http.operation import declare

router = APIRouter()
_ASSERTION = {
    "client_id": "the client, if it is said twice",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": "a JWT signed with a key of the client (RFC 7523)",
}


@router.get(
    discovery.METADATA_PATH,
    **declare("oauth.metadata", access="public", dialect="oauth", event="oauth.metadata.read"),
)
async def read_metadata(resources: ResourcesDep) -> ServerMetadata:
    """Say where tokens are had, and how (RFC 8414)."""
    return discovery.metadata(resources.settings.public_url)


@router.get(
    discovery.KEYS_PATH,
    **declare("oauth.keys", access="public", dialect="oauth", event="oauth.keys.read"),
)
async def read_keys(visit: VisitDep) -> KeySet:
    """List the public keys that access tokens are signed with (RFC 7517)."""
    return await discovery.key_set(visit)


@router.post(
    discovery.TOKEN_PATH,
    **declare_form(
        "oauth.token",
        event="token.issued",
        fields={
            "grant_type": "how the token is earned",
            "scope": "fewer scopes than there are",
            **_ASSERTION,
        },
        required=("grant_type",),
    ),
)
async def issue_token(visit: VisitDep, form: FormDep, response: Response) -> TokenAnswer:
    """Get an access token (RFC 6749)."""
    response.headers["Pragma"] = "no-cache"
    return await grants.issue(visit, form)
