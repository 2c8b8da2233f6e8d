"""What an exit bundle holds: every available version of a matter's documents, withdrawn ones too."""

from sqlalchemy import Uuid as UuidType
from sqlalchemy import select
from sqlalchemy.sql.expression import bindparam

from services.docs_api.access import TENANT, on_matter, session_lives
from services.docs_api.documents.queries import VERSION, readable_versions
from services.docs_api.roots.queries import root_revoked
from services.docs_api.statements import Prepared
from services.tables.content import Document, Segment, Version
from services.tables.docs import Matter

MATTER = bindparam("matter", type_=UuidType())
_AVAILABLE = (
    Document.tenant_id == TENANT,
    Document.matter_id == MATTER,
    Version.tenant_id == TENANT,
    Version.document_id == Document.id,
    Version.state == "available",
)

VERSIONS = Prepared(
    select(
        Version.id,
        Version.document_id,
        Version.segment_count,
        Version.length_bytes,
        Version.sha256,
    )
    .where(*_AVAILABLE)
    .order_by(Document.id, Version.number.desc())
)
VERSION_OF_MATTER = Prepared(
    readable_versions(acting_for_another=False, which="any").where(
        Document.matter_id == MATTER, Version.id == VERSION, session_lives()
    )
)
SEALED_SEGMENTS = Prepared(
    select(
        Segment.ordinal,
        Segment.offset_bytes,
        Segment.length_bytes,
        Segment.object_key,
        Segment.sealed_bytes,
        Segment.sealed_sha256,
    )
    .where(Segment.tenant_id == TENANT, Segment.version_id == VERSION)
    .order_by(Segment.ordinal)
)
STILL_THEIRS = Prepared(
    select(Matter.id, root_revoked(TENANT).label("firm_revoked")).where(
        Matter.tenant_id == TENANT, Matter.id == MATTER, on_matter(), session_lives()
    )
)
