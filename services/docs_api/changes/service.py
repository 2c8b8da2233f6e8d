"""Reading the feed. Nothing is remembered of a reader: they say where they were.

At least once: who keeps an answer's `after` only when its items are dealt with misses nothing, and sees the
same items again after a crash. What one could not see when it happened is not told later: after a grant is
given, its matter's documents are to be listed.
"""

from services.docs_api.changes.position import KEPT, Position, open_position, seal_position
from services.docs_api.changes.queries import changes_between, first_since, size_of_log
from services.docs_api.changes.schemas import Changes, ChangesQuery, ChangeView
from services.docs_api.keys import current_firm_key
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.evidence.event import Draft

WINDOW_LEAVES = 20_000
"""How much of the log one request looks through, whatever it finds there."""


async def read_changes(act: Act, query: ChangesQuery) -> Changes:
    """What concerns the principal since they last asked.

    Raises:
        InvalidInput: `after` was not given to them in this firm.
        ChangesGone: it was, too long ago.
    """
    names = vault_of(act.request).keychain.firm_names(await current_firm_key(act))
    size = await size_of_log(act)
    if query.after is None:
        oldest = await first_since(act, act.now - KEPT)
        first = size if oldest is None else oldest
    else:
        first = open_position(names, act.principal.id, query.after, act.now).index
    end = min(size, first + WINDOW_LEAVES)
    rows = await changes_between(act, first, end, query.limit + 1)
    if len(rows) > query.limit:
        end = rows[query.limit]["idx"]
    items = [ChangeView.of(row) for row in rows[: query.limit]]
    await act.record(Draft("changes.read", change={"items": len(items)}))
    after = seal_position(names, act.principal.id, Position(max(first, end), act.now))
    return Changes(items=items, after=after, more=end < size)
