"""The gateway's own operation: the OpenAPI document of the whole product, as it is committed.

It is the one operation that leaves no evidence: the document is public, and the same for everyone.
"""

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Response
from starlette.types import ASGIApp

from services.evidence.service import VERSION
from services.kernel.contracts import OPENAPI_FILE
from services.kernel.http.admission import ServiceEntry
from services.kernel.http.documents import service_document
from services.kernel.http.operation import Operation, declare, operations_of

NAME: Final = "gateway"
router = APIRouter()


@router.get("/v1/openapi.json", **declare("openapi.get", event="openapi.read", access="public"))
async def get_openapi_document() -> Response:
    """The OpenAPI document of everything served here."""
    return Response(OPENAPI_FILE.read_bytes(), media_type="application/json")


class DocumentApp(FastAPI):
    """Serves the document. `operations` is what stands in the policy table."""

    def __init__(self) -> None:
        super().__init__(
            title="Redwell gateway",
            version=VERSION,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        self.include_router(router)
        self.operations: tuple[Operation, ...] = operations_of(self, NAME)

    def openapi(self) -> dict[str, Any]:
        return service_document(self)

    def build_middleware_stack(self) -> ASGIApp:
        return ServiceEntry(super().build_middleware_stack(), self.operations)
