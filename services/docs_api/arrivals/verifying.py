"""Verifies what came in parts: reads all of it back, opens it, and compares it with what was declared.

A digest of a stream cannot be put aside and taken up again, so what came in parts is hashed from the store,
in the background, with nobody waiting. A store that does not answer is asked again; an object that is not
what was stored, or content that is not what was declared, rejects the version for good.

Nobody's access is asked again here. Session, matter and membership were asked with every segment and when
the last one was acknowledged; with that the sender's work was done and the content the firm's. That the
sender has since left the matter, or the matter was closed, takes nothing from the firm's record: what was
acknowledged becomes available to whoever may read it then, as if verifying it had taken no time.
"""

import hashlib

from sqlalchemy import update

from services.docs_api.arrivals.jobs import Job, close
from services.docs_api.arrivals.pinning import NOT_CONFIGURED, make_available, pin_to_scan, pinned
from services.docs_api.arrivals.rejecting import UNWANTED, forget_unless_held, upload_of
from services.docs_api.sealing.segments import SealError
from services.docs_api.transfers.admission import EVENT, Expected
from services.docs_api.transfers.errors import DigestMismatch, IntegrityFailure
from services.docs_api.transfers.failures import reason_of
from services.docs_api.transfers.intake import Taken, in_thread
from services.docs_api.transfers.opening import SealedVersion, require_whole
from services.docs_api.vault import Vault
from services.evidence.event import Draft
from services.kernel.database import driver_connection
from services.kernel.principal import Admission, Principal
from services.kernel.scopes import Role
from services.keys.errors import KeysError
from services.storage.protocol import ObjectMissingError
from services.tables.content import Version

WRONG = (SealError, KeysError, ObjectMissingError, IntegrityFailure, DigestMismatch)
"""What no further attempt can mend."""

_METHODS = {"tus.create": "POST", "tus.create_version": "POST", "tus.send": "PATCH"}


async def verify(vault: Vault, job: Job) -> None:
    """Verify the content of an upload, and send it on.

    Raises:
        LeaseLostError: it is somebody else's now.
        Exception: it cannot be verified yet.
    """
    declared = frozenset({job.row["declared_sha256"]} - {None})
    content = await job.content(
        vault
    )  # what does not open now may open later, and is no fault of the content
    try:
        taken, sealed_sha256 = await _read(content, job)
        Expected(job.row["declared_bytes"], declared).require(taken.length_bytes, taken.sha256)
    except WRONG as wrong:
        await reject(vault, job, Draft(EVENT, "failed", reason_of(wrong), job.subject), _admission(job))
        return
    await _accept(vault, job, taken, sealed_sha256)


async def reject(vault: Vault, job: Job, draft: Draft, admission: Admission | None) -> None:
    """The version comes to nothing; `draft` says why. What is damaged stays, and what is held."""
    async with vault.database.transaction([job.tenant]) as session:
        await close(session, job, "rejected", reason=draft.reason)
        await session.execute(update(Version).where(*job.place.rows).values(state="rejected"))
        if draft.reason in UNWANTED:
            await forget_unless_held(session, await upload_of(session, job.tenant, job.row["id"]))
        connection = await driver_connection(session)
        await vault.recorder.append(connection, job.tenant, draft, admission)


async def _read(content: SealedVersion, job: Job) -> tuple[Taken, str]:
    """Length and digest of everything, and the digest of the sealed objects' digests."""
    digest, sealed, length = hashlib.sha256(), hashlib.sha256(), 0
    require_whole(job.segments, len(job.segments), job.row["declared_bytes"])
    for ordinal, segment in enumerate(job.segments):
        plaintext = await content.plaintext(ordinal)
        await in_thread(len(plaintext), digest.update, plaintext)
        sealed.update(segment["sealed_sha256"])
        length += len(plaintext)
    return Taken(length, digest.digest(), len(job.segments)), sealed.hexdigest()


async def _accept(vault: Vault, job: Job, taken: Taken, sealed_sha256: str) -> None:
    content: dict[str, object] = {
        "sha256": taken.sha256.hex(),
        "len": taken.length_bytes,
        "segments": taken.segment_count,
        "sealed_sha256": sealed_sha256,
    }
    now, scanned = vault.recorder.clock(), vault.scanner is not None
    async with vault.database.transaction([job.tenant]) as session:
        await close(session, job, "scanning" if scanned else "complete", waiting_since=now)
        if scanned:
            await pin_to_scan(session, job.place, taken)
        else:
            columns = pinned(taken) | NOT_CONFIGURED.columns(now)
            await make_available(session, job.place, now, columns)
        draft = Draft(EVENT, "allowed", subject=job.subject, content=content)
        connection = await driver_connection(session)
        await vault.recorder.append(connection, job.tenant, draft, _admission(job))


def _admission(job: Job) -> Admission:
    """The request that brought the last byte: the version is its doing."""
    row, sender = job.row, job.sender
    principal = Principal(
        id=row["member_id"],
        organization=job.tenant,
        firm=job.tenant,
        session=row["session_id"],
        roles=frozenset(map(Role, sender.roles)) if sender else frozenset(),
        scopes=frozenset(),
        acr=sender.acr if sender else "",
        amr=tuple(sender.amr) if sender else (),
        auth_time=row["created_at"],
        upload=row["id"],
    )
    operation = row["completed_operation"]
    return Admission(operation, _METHODS[operation], "", row["completed_request"], "", "", principal)
