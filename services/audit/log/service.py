"""Search and checkpoint: reading the log is itself an event, written with the read."""

import json

from services.audit.log import queries
from services.audit.log.cursor import Cursor
from services.audit.log.personal import PersonalData
from services.audit.log.policy import own_log
from services.audit.log.queries import EventRow
from services.audit.log.schemas import LogEntry, LogPage, LogQuery, PersonalValue
from services.evidence.act import Act
from services.evidence.event import Draft
from services.evidence.subjects import SubjectKeys
from services.kernel.problems import NotFound


async def search_log(act: Act, subjects: SubjectKeys, query: LogQuery) -> LogPage:
    """One page of the events that fit.

    Raises:
        Forbidden: it is not the principal's own log.
        InvalidInput: the cursor was not given out.
    """
    tenant = own_log(act.principal)
    after = None if query.cursor is None else Cursor.parse(query.cursor)
    rows = await queries.find_events(act.session, tenant, query, after, query.limit + 1)
    page = rows[: query.limit]
    await act.record(Draft("log.searched", change={**query.texts(), "results": len(page)}))
    sealed = await queries.sealed_data(act.session, tenant, (row.id for row in page))
    personal = PersonalData(subjects, tenant, sealed)
    more = len(rows) > query.limit
    return LogPage(
        items=[_entry(row, personal) for row in page],
        next=str(Cursor(page[-1].at, page[-1].id)) if more else None,
    )


async def read_checkpoint(act: Act) -> bytes:
    """The last signed checkpoint of the principal's own log.

    Raises:
        Forbidden: it is not the principal's own log.
        NotFound: nothing was signed yet.
    """
    head = await queries.last_checkpoint(act.session, own_log(act.principal))
    if head is None:
        raise NotFound
    await act.record(Draft("log.checkpoint.read", change={"size": head.size}))
    return head.note


def _entry(row: EventRow, personal: PersonalData) -> LogEntry:
    event = json.loads(row.body)
    values = {
        name: PersonalValue(value=None if disclosed is None else disclosed.value, erased=disclosed is None)
        for name, disclosed in personal.of(row.id, event).items()
    }
    return LogEntry(event=event, sha256=row.sha256.hex(), sealed=row.idx, personal=values)
