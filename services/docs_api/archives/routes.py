from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.docs_api.archives.fetch import fetch_archive
from services.docs_api.archives.manifest import read_manifest
from services.docs_api.archives.schemas import ManifestPage, ManifestQuery, SetQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["archives"])


def _giving_an_archive(declared: dict[str, Any]) -> dict[str, Any]:
    content = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
    declared["responses"][200] = {
        "description": "The archive, of exactly the announced length",
        "content": content,
    }
    return declared


@router.get(
    "/v1/matters/{matter_id}/manifest",
    **declare("manifests.read", scopes=(Scope.DOCUMENT_LIST,), event="manifest.read"),
)
async def manifest(act: ActDep, matter_id: UUID, query: Annotated[ManifestQuery, Query()]) -> ManifestPage:
    """List what a set of documents has: a folder, a class, certain documents, or all of a matter."""
    return await read_manifest(act, matter_id, query)


@router.get(
    "/v1/matters/{matter_id}/archive",
    response_class=Response,
    **_giving_an_archive(
        declare("archives.fetch", scopes=(Scope.DOCUMENT_READ,), event="archive.fetched", problems=(429,))
    ),
)
async def archive(request: Request, matter_id: UUID, query: Annotated[SetQuery, Query()]) -> Response:
    """Fetch a set of documents as one ZIP archive, with its manifest as the last entry."""
    return await fetch_archive(request, matter_id, query)
