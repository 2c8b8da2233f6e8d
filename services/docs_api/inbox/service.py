"""Reading the inbox: every kind by its own statement, of one organization, bounded."""

from typing import Any, Final, cast

from services.docs_api.access import parameters
from services.docs_api.inbox.queries import of_holder, of_member
from services.docs_api.inbox.schemas import Inbox, InboxItem, Kind
from services.evidence.act import Act
from services.evidence.event import Draft
from services.kernel.scopes import Scope

SHOWN = 50
"""Of each kind, the oldest."""
_LINKS: Final = {
    "nda-to-sign": "/v1/engagements/{about}/nda",
    "grant-new": "/v1/matters/{matter}",
    "grant-ending": "/v1/matters/{matter}",
    "access-request": "/v1/matters/{matter}/access-requests",
    "consent-missing": "/v1/matters/{matter}/consents",
    "content-refused": "/v1/matters/{matter}/quarantine",
}


async def read_inbox(act: Act) -> Inbox:
    """What waits for the principal in the acting firm. In a provider's own organization nothing does."""
    principal = act.principal
    if principal.acts_for_another:
        kinds = of_holder(act.now)
    else:
        kinds = of_member(act.now, decides=Scope.GRANT_MANAGE in principal.scopes)
    items, more = [], False
    for kind, statement in kinds.items():
        wanted = statement.order_by("at", "about").limit(SHOWN + 1)
        found = (await act.session.execute(wanted, parameters(principal, act.now))).mappings().all()
        more = more or len(found) > SHOWN
        items += [_item(kind, dict(row)) for row in found[:SHOWN]]
    await act.record(Draft("inbox.read", change={"items": len(items)}))
    return Inbox(organization_id=principal.firm, items=items, more=more)


def _item(kind: str, row: dict[str, Any]) -> InboxItem:
    return InboxItem(
        id=f"{kind}:{row['about']}",
        kind=cast("Kind", kind),
        about=row["about"],
        matter_id=row["matter_id"],
        at=row["at"],
        link=_LINKS[kind].format(about=row["about"], matter=row["matter_id"]),
    )
