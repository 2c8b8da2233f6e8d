"""What the platform's operator can do about an upload that stays where it is: try it again, or give it up.

What was rejected because it is damaged is kept as evidence, and waits as well: for the operator to give it
up. The operator sees no name and no content, and cannot make anything available.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.arrivals.rejecting import BY_OPERATOR, UNWANTED, forget_unless_held
from services.docs_api.paging import cut, decode_id
from services.docs_api.stalled.errors import ContentHeld, UploadNotStalled
from services.docs_api.stalled.schemas import StalledPage, StalledUpload
from services.docs_api.sweep.sweeper import sweeper_connection
from services.docs_api.uploads.service import WAITING, is_stalled, subject_of
from services.docs_api.vault import vault_of
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM
from services.kernel.problems import NotFound
from services.tables.content import Upload, Version

_STALLED = """
SELECT tenant_id, id, state, coalesce(waiting_since, created_at) AS since, attempts, reason FROM uploads
WHERE (state = ANY($1) AND coalesce(waiting_since, created_at) < $2
    OR state = 'rejected' AND received_bytes > 0 AND reason <> ALL($5)) AND id > $3
ORDER BY id LIMIT $4
"""
"""Past the tenants, as the sweeper."""
_KEPT_DAMAGED = and_(Upload.state == "rejected", Upload.received_bytes > 0, Upload.reason.not_in(UNWANTED))


async def list_stalled(act: Act, query: ListQuery) -> StalledPage:
    """The uploads of all firms that have waited longer than they should, oldest first."""
    vault = vault_of(act.request)
    before = act.now - timedelta(seconds=vault.settings.stalled_seconds)
    async with sweeper_connection(vault) as connection:
        found = await connection.fetch(
            _STALLED, list(WAITING), before, decode_id(query.cursor), query.limit + 1, list(UNWANTED)
        )
    rows, cursor = cut(found, query.limit, lambda row: row["id"])
    await act.record(Draft("upload.stalled.listed", change={"items": len(rows)}))
    return StalledPage(items=[StalledUpload.of(row) for row in rows], next=cursor)


async def retry(act: Act, tenant: UUID, upload_id: UUID) -> None:
    """Try an upload again now, however long it was put off (raises NotFound)."""
    upload = await _locked(act, tenant, upload_id, Upload.state.in_(WAITING))
    await act.session.execute(
        update(Upload)
        .where(Upload.tenant_id == tenant, Upload.id == upload_id)
        .values(next_attempt_at=None, attempts=0)
    )
    await _record(act, upload, Draft("upload.retried", change={"state": upload.state}))
    vault_of(act.request).received.set()


async def reject(act: Act, tenant: UUID, upload_id: UUID) -> None:
    """Give up an upload that has stalled; whoever works on it finds that it is theirs no longer.

    Raises:
        NotFound: there is none that waits, or is kept because it is damaged.
        UploadNotStalled: it has not waited so long.
        ContentHeld: it is kept already, and held.
    """
    upload = await _locked(act, tenant, upload_id, or_(Upload.state.in_(WAITING), _KEPT_DAMAGED))
    state = upload.state
    if state != "rejected" and not is_stalled(act, upload.waiting_since or upload.created_at):
        raise UploadNotStalled
    await act.session.execute(
        update(Upload)
        .where(Upload.tenant_id == tenant, Upload.id == upload_id)
        .values(state="rejected", reason=BY_OPERATOR, lease_owner=None, lease_expires_at=None)
    )
    await act.session.execute(
        update(Version)
        .where(Version.tenant_id == tenant, Version.id == upload.version_id)
        .values(state="rejected")
    )
    gone = await forget_unless_held(act.session, upload)
    if gone is None and state == "rejected":
        raise ContentHeld
    change = {"state": state} if gone is not None else {"state": state, "kept": True}
    await _record(act, upload, Draft("upload.rejected", change=change))


async def _locked(act: Act, tenant: UUID, upload_id: UUID, wanted: ColumnElement[bool]) -> Upload:
    """The upload, locked, if it is one of those wanted."""
    if tenant == PLATFORM:
        raise NotFound
    await act.see(PLATFORM, tenant)
    upload = await act.session.scalar(
        select(Upload).where(Upload.tenant_id == tenant, Upload.id == upload_id, wanted).with_for_update()
    )
    if upload is None:
        raise NotFound
    return upload


async def _record(act: Act, upload: Upload, draft: Draft) -> None:
    """In the firm's log, and in the platform's, which knows nothing of matters."""
    of_firm = Draft(draft.type, subject=subject_of(upload), change=draft.change)
    of_platform = Draft(
        draft.type,
        subject=Subject("upload", upload.id),
        change={**draft.change, "organization": str(upload.tenant_id)},
    )
    await act.record(of_firm, upload.tenant_id)
    await act.record(of_platform, PLATFORM)
