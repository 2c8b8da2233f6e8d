"""Giving receipts: an event, its leaf, and the path from there to the last checkpoint."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.audit.log.queries import SignedHead, last_checkpoint
from services.audit.offline.merkle import root
from services.audit.offline.note import VerifierKey
from services.audit.offline.receipt import MAX_EVENTS, ProvenEvent, build_receipt
from services.audit.receipts import queries
from services.audit.receipts.policy import may_have
from services.audit.receipts.queries import Placed, Recorded
from services.audit.receipts.spans import GROUP, LEVELS, prove, spans_needed
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound

FOLDED_AT_ONCE = 256
"""Subtrees made in one request: 65 536 leaves, about 0.1 s. A large log comes request by request."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Makes receipts. `log_public_key`: 32 bytes. `retry_seconds`: when a checkpoint may be expected."""

    log_public_key: bytes
    retry_seconds: int

    async def issue(self, act: Act, event_id: UUID) -> bytes | None:
        """The receipt of an event, or None while no checkpoint covers it and what followed it.

        Raises:
            NotFound: no such event in the log of the organization acted for, or not for the principal.
        """
        tenant = act.principal.firm
        event = await queries.find_event(act.session, tenant, event_id)
        if event is None or not may_have(act.principal, event):
            raise NotFound
        events = [event, *await queries.companions(act.session, tenant, event, MAX_EVENTS - 1)]
        receipt = await self._receipt(act, tenant, events)
        subject = Subject("event", event_id)
        change = {"sealed": receipt is not None, "events": len(events)}
        await act.record(Draft("receipt.read", subject=subject, change=change))
        return receipt

    async def _receipt(self, act: Act, tenant: UUID, events: list[Recorded]) -> bytes | None:
        placed = await queries.leaves_of(act.session, tenant, [event.id for event in events])
        if len(placed) < len(events):
            return None
        least = max(leaf.idx for leaf in placed.values()) + 1
        head = await last_checkpoint(act.session, tenant, least)
        if head is None or not await _fold(act, tenant, head.size):
            return None
        ordered = sorted(events, key=lambda event: placed[event.id].idx)
        proven = [await _proven(act, tenant, head, event, placed[event.id]) for event in ordered]
        return build_receipt(VerifierKey(head.origin, self.log_public_key), head.note, proven)


async def _proven(act: Act, tenant: UUID, head: SignedHead, event: Recorded, leaf: Placed) -> ProvenEvent:
    hashes: dict[tuple[int, int], bytes] = {}
    for span in spans_needed(leaf.idx, head.size):
        hashes |= await queries.hashes_in(act.session, tenant, span)
    return ProvenEvent(event.body, leaf.body, prove(leaf.idx, head.size, hashes))


async def _fold(act: Act, tenant: UUID, size: int) -> bool:
    """Keep the subtrees that a tree of `size` leaves has and that are not kept yet; whether all are now."""
    for level in sorted(LEVELS)[1:]:
        kept, wanted = await queries.kept_count(act.session, tenant, level), size >> level
        new = range(kept, min(wanted, kept + FOLDED_AT_ONCE))
        if new:
            below = await queries.children(act.session, tenant, level, new)
            assert all(len(below[parent]) == GROUP for parent in new), "the tree has all its leaves"
            made = await asyncio.to_thread(_roots, below)
            await queries.keep(act.session, tenant, level, made)
        if new.stop < wanted:
            return False
    return True


def _roots(below: Mapping[int, Sequence[bytes]]) -> dict[int, bytes]:
    return {parent: root(hashes) for parent, hashes in below.items()}
