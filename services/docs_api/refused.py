"""What a refused request was about, so that an officer who asks for a matter or a document sees refusals too.

The same statement runs whether the thing is there or not, and its result goes into the firm's own log alone.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select

from services.evidence.event import Subject
from services.evidence.service import ServiceApp
from services.tables.agreements import AccessRequest, Grant
from services.tables.content import Document, Upload
from services.tables.docs import Matter
from services.tables.holds import Hold

_NAMED = {
    "document_id": "document",
    "upload_id": "upload",
    "grant_id": "grant",
    "request_id": "access_request",
    "hold_id": "hold",
    "matter_id": "matter",
}
"""Path parameters, the most telling first."""


async def refused_subject(app: ServiceApp, tenant: UUID, asked: Mapping[str, str]) -> Subject | None:
    """The subject that `asked` names in `tenant`; None where nothing there has that id.

    Raises:
        Unavailable: the database does not answer.
    """
    parameter = next((name for name in _NAMED if name in asked), None)
    if parameter is None:
        return None
    named = UUID(asked[parameter])
    async with app.state.database.transaction([tenant]) as session:
        row = (await session.execute(_place(parameter, tenant, named))).one_or_none()
    if row is None:
        return None
    return Subject(_NAMED[parameter], named, matter=row.matter_id, document=row.document_id)


def _place(parameter: str, tenant: UUID, named: UUID) -> Any:  # noqa: ANN401 -- SQLAlchemy's Select of two columns
    none = literal(None).label("document_id")
    places: dict[str, tuple[Any, Any, Any]] = {
        "document_id": (Document, Document.matter_id, Document.id.label("document_id")),
        "upload_id": (Upload, Upload.matter_id, Upload.document_id),
        "grant_id": (Grant, Grant.matter_id, none),
        "hold_id": (Hold, Hold.matter_id, Hold.document_id),
        "request_id": (AccessRequest, AccessRequest.matter_id, none),
        "matter_id": (Matter, Matter.id.label("matter_id"), none),
    }
    table, matter, document = places[parameter]
    return select(matter, document).where(table.tenant_id == tenant, table.id == named)
