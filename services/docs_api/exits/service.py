"""Admitting an exit bundle: whose, for which key, and on record before the first byte."""

from contextlib import ExitStack
from uuid import UUID

from fastapi import Request, Response

from services.docs_api.access import parameters
from services.docs_api.exits.delivery import ExitDelivery
from services.docs_api.exits.packing import FORMAT, ExitBundle
from services.docs_api.exits.queries import VERSIONS
from services.docs_api.exits.schemas import NewExitBundle
from services.docs_api.matters.queries import own_matter
from services.docs_api.refusals import invalid
from services.docs_api.vault import Vault, vault_of
from services.evidence.act import Act, open_act
from services.evidence.event import Draft, Subject
from services.kernel.clock import timestamp
from services.kernel.database import driver_connection
from services.kernel.http.admission import admission_of, principal_of
from services.keys.escrow import SUITE, EscrowKey, EscrowKeyError


async def export_matter(request: Request, matter_id: UUID, new: NewExitBundle) -> Response:
    """The answer that hands over a matter that one is on; its place among the transfers is its own.

    Raises:
        NotFound: no such matter for the principal.
        InvalidInput: the key is none that can be sealed to.
        TooManyRequests, Unavailable: there is no place for it.
    """
    vault, principal = vault_of(request), principal_of(request)
    with ExitStack() as stack:
        stack.enter_context(vault.slots.take(principal.session))
        async with open_act(request, [principal.firm], principal) as act:
            bundle = await _admit(act, vault, matter_id, new)
        delivery = ExitDelivery(bundle, admission_of(request))
        delivery.ends_with(stack.pop_all())
        return delivery


async def _admit(act: Act, vault: Vault, matter_id: UUID, new: NewExitBundle) -> ExitBundle:
    await own_matter(act, matter_id)
    try:
        key = EscrowKey.parse(new.public_key)
    except EscrowKeyError as exc:
        raise invalid("/public_key", "public_key") from exc
    values = parameters(act.principal, act.now) | {"matter": matter_id}
    versions = await VERSIONS.all(act.session, values)
    totals = {
        "versions": len(versions),
        "objects": sum(row["segment_count"] for row in versions),
        "bytes": sum(row["length_bytes"] for row in versions),
    }
    change = {**totals, "key": key.sha256}
    subject = Subject("matter", matter_id, matter_id)
    event = await act.record(Draft("matter.exported", subject=subject, change=change))
    fetched = [
        Draft(
            "document.fetched",
            subject=Subject("document", row["document_id"], matter_id, row["document_id"], row["id"]),
            change={"export": str(event.id)},
            content={"sha256": row["sha256"].hex(), "len": row["length_bytes"]},
        )
        for row in versions
    ]
    connection = await driver_connection(act.session)
    await vault.recorder.append_all(connection, act.principal.firm, fetched, admission_of(act.request))
    manifest = {
        "format": FORMAT,
        "tenant": str(act.principal.firm),
        "matter": str(matter_id),
        "event": str(event.id),
        "generated_at": timestamp(act.now),
        "suite": SUITE,
        "key": key.sha256,
        **totals,
    }
    return ExitBundle(vault, act.principal, matter_id, key, manifest, [row["id"] for row in versions])
