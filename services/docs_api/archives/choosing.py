"""From what somebody asks for to an archive with nothing in it that they may not read."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request

from services.docs_api.archives.contents import Archive, Content, lay_out
from services.docs_api.archives.errors import ArchiveTooLarge
from services.docs_api.archives.queries import chosen, page_of
from services.docs_api.archives.schemas import SetQuery
from services.docs_api.documents.queries import DocumentRow
from services.docs_api.documents.service import document_view
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_key_of, matter_names
from services.docs_api.matters.queries import MatterRow, visible_matter
from services.docs_api.unmet import tell_holder_of_document
from services.docs_api.vault import Vault
from services.evidence.act import Act, check_session
from services.kernel.http.admission import admission_of
from services.kernel.ids import new_id
from services.kernel.principal import Principal
from services.kernel.problems import NotFound

_NIL = UUID(int=0)


async def choose(
    vault: Vault, request: Request, principal: Principal, matter_id: UUID, query: SetQuery
) -> Archive:
    """The archive of a set; nothing is admitted yet.

    Raises:
        UnmetCondition, NotFound: no such matter for the principal, no document, or one of
            `ids` is not theirs.
        ArchiveTooLarge, TooManyFolders: the set is beyond what is taken.
    """
    now = vault.recorder.clock()
    async with vault.database.transaction([principal.firm]) as session:
        await check_session(session, principal, now)
        act = Act(session, request, admission_of(request), vault.recorder, now)
        matter = await visible_matter(act, matter_id)
        names = matter_names(act, matter)
        rows = await _rows(act, matter_id, query, names)
    described = [(row, document_view(row, names)) for row in rows]
    described.sort(key=lambda pair: (pair[1].folder, pair[1].name, pair[1].id))
    return lay_out(
        new_id(now),
        _name_of(vault, matter),
        [Content(dict(row), principal.firm) for row, _ in described],
        [document for _, document in described],
        now,
    )


async def _rows(act: Act, matter_id: UUID, query: SetQuery, names: Names) -> Sequence[DocumentRow]:
    settings = act.request.app.state.settings
    statement = await chosen(act, matter_id, query, names)
    rows = await page_of(act, statement, _NIL, settings.archive_limit_documents + 1)
    for missing in sorted((query.document_ids or frozenset()) - {row["id"] for row in rows}):
        await tell_holder_of_document(act.session, act.principal, act.now, missing)
        raise NotFound
    if not rows:
        raise NotFound
    most = settings.archive_limit_documents, settings.archive_limit_bytes
    if len(rows) > most[0] or sum(row["length_bytes"] for row in rows) > most[1]:
        raise ArchiveTooLarge(None, documents=most[0], bytes=most[1])
    return rows


def _name_of(vault: Vault, matter: MatterRow) -> str:
    """The matter's number is what its people call it."""
    firm_names = vault.keychain.firm_names(matter_key_of(matter).firm)
    number = firm_names.open("matters.number_sealed", matter["id"], matter["number_sealed"])
    return f"{number}.zip"
