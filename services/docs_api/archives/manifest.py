"""The manifest of a set: what is in it, page by page, of what the principal may read."""

from uuid import UUID

from services.docs_api.archives.queries import chosen, page_of, size_of
from services.docs_api.archives.schemas import ManifestPage, ManifestQuery, manifest_item
from services.docs_api.documents.service import document_view
from services.docs_api.keys import matter_names
from services.docs_api.matters.queries import visible_matter
from services.docs_api.paging import cut, decode_id
from services.evidence.act import Act
from services.evidence.event import Draft, Subject


async def read_manifest(act: Act, matter_id: UUID, query: ManifestQuery) -> ManifestPage:
    """A page of the manifest.

    Raises:
        UnmetCondition, NotFound: there is no such matter for the principal.
        TooManyFolders: a folder cannot be searched.
    """
    names = matter_names(act, await visible_matter(act, matter_id))
    statement = await chosen(act, matter_id, query, names)
    rows, cursor = cut(
        await page_of(act, statement, decode_id(query.cursor), query.limit + 1),
        query.limit,
        lambda row: row["id"],
    )
    documents, length_bytes = await size_of(act, statement)
    change: dict[str, object] = {"items": len(rows), "documents": documents, "bytes": length_bytes}
    await act.record(Draft("manifest.read", subject=Subject("matter", matter_id, matter_id), change=change))
    items = [manifest_item(document_view(row, names)) for row in rows]
    return ManifestPage(items=items, next=cursor, documents=documents, length_bytes=length_bytes)
