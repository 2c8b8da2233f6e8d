"""The inbox on the wire. Ids, times and links: no word of a firm's, so that inboxes may lie side by side."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.docs_api.wire import Wire

Kind = Literal[
    "nda-to-sign", "grant-new", "grant-ending", "access-request", "consent-missing", "content-refused"
]


class InboxItem(Wire):
    """`id` is the same as long as it waits: the kind, and what it is about."""

    id: str
    kind: Kind
    about: UUID
    matter_id: UUID | None
    at: datetime
    """Since when it waits; of what is ending, when it ends."""
    link: str
    """Where to read on, acting for the same organization."""


class Inbox(Wire):
    organization_id: UUID
    items: list[InboxItem]
    more: bool
    """There is more of some kind than is shown."""
