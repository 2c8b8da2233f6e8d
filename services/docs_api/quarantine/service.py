"""Reading the quarantine, and letting a version out of it.

That is the firm's decision, of an attorney on the matter with a fresh factor and for a reason that is kept:
whoever runs the platform neither sees what it is nor may say that it is harmless.
"""

from uuid import UUID

from sqlalchemy import update

from services.docs_api.access import parameters
from services.docs_api.arrivals.pinning import VersionPlace, make_available
from services.docs_api.documents.schemas import DocumentView
from services.docs_api.documents.service import document_view, subject_of
from services.docs_api.documents.versions import number_of
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_names
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.matters.queries import MatterRow, own_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.quarantine.queries import quarantined
from services.docs_api.quarantine.schemas import LettingOut, QuarantinedView, QuarantinePage
from services.docs_api.scanning.schemas import ScanView
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.tables.content import Document, Upload, Version

REASON = "versions.release_reason_sealed"


async def list_quarantine(act: Act, matter_id: UUID, query: ListQuery) -> QuarantinePage:
    """The quarantined versions of a matter that one is on, oldest first (raises NotFound)."""
    names = matter_names(act, await own_matter(act, matter_id))
    found = await act.session.execute(
        quarantined()
        .where(Document.matter_id == matter_id, Version.id > decode_id(query.cursor))
        .order_by(Version.id)
        .limit(query.limit + 1),
        parameters(act.principal, act.now),
    )
    rows, cursor = cut([dict(row) for row in found.mappings()], query.limit, lambda row: row["version_id"])
    subject = Subject("matter", matter_id, matter_id)
    await act.record(Draft("document.quarantine.listed", subject=subject, change={"items": len(rows)}))
    return QuarantinePage(items=[_view(row, names) for row in rows], next=cursor)


async def let_out(act: Act, document_id: UUID, number: str, letting_out: LettingOut) -> DocumentView:
    """Make a quarantined version available, whatever its scan came to.

    Raises:
        NotFound: there is none for the principal.
        MatterClosed: nothing in it is changed.
    """
    if act.principal.acts_for_another:
        raise NotFound
    found = await act.session.execute(
        quarantined()
        .where(Document.id == document_id, Version.number == number_of(number))
        .with_for_update(of=Version),
        parameters(act.principal, act.now),
    )
    found_row = found.mappings().one_or_none()
    if found_row is None:
        raise NotFound
    row = dict(found_row)
    if row["matter_state"] != "open":
        raise MatterClosed
    names, version_id = matter_names(act, row), row["version_id"]
    place = VersionPlace(act.principal.firm, document_id, version_id)
    await act.session.execute(
        update(Upload)
        .where(Upload.tenant_id == place.tenant, Upload.version_id == version_id)
        .values(state="complete")
    )
    released = {
        "released_at": act.now,
        "released_by": act.principal.id,
        "release_reason_sealed": names.seal(REASON, version_id, letting_out.reason),
    }
    described = await make_available(act.session, place, act.now, released)
    change = {"number": row["number"], "result": row["scan_result"]}
    content = {"sha256": row["sha256"].hex(), "len": row["length_bytes"]}
    await act.record(Draft("document.released", subject=subject_of(row), change=change, content=content))
    return document_view(described, names)


def _view(row: MatterRow, names: Names) -> QuarantinedView:
    return QuarantinedView(
        id=row["version_id"],
        document_id=row["id"],
        number=row["number"],
        name=names.open("documents.name_sealed", row["id"], row["name_sealed"]),
        folder=names.open("documents.folder_sealed", row["id"], row["folder_sealed"]),
        class_id=row["class_id"],
        length_bytes=row["length_bytes"],
        sha256=row["sha256"].hex(),
        created_by=row["version_created_by"],
        scan=ScanView.of(row),
    )
