"""The answer that hands an exit bundle over: under watch like every transfer, and its end is an event.

Its length is not known before. Whatever stops it leaves the answer visibly unfinished, and the manifest in it
counts what must be there.
"""

import asyncio
import hashlib

from starlette.types import Send

from services.docs_api.access import parameters
from services.docs_api.exits.packing import ExitBundle
from services.docs_api.exits.queries import STILL_THEIRS
from services.docs_api.roots.errors import FirmKeyUnavailable
from services.docs_api.transfers.deliver import Handover
from services.docs_api.transfers.errors import AccessEnded, IntegrityFailure
from services.docs_api.transfers.failures import problem_of, reason_of
from services.docs_api.transfers.intake import in_thread
from services.docs_api.transfers.outgoing import CHUNK_BYTES, Outgoing
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.watch import Watch
from services.evidence.event import Draft, Subject
from services.kernel.principal import Admission


class ExitDelivery(Outgoing):
    """Sends a bundle that was admitted."""

    def __init__(self, bundle: ExitBundle, admission: Admission) -> None:
        principal, vault = bundle.principal, bundle.vault
        pace = Pace(vault.settings.upload_minimum_rate_bytes, asyncio.get_running_loop().time)
        name = f"redwell-exit-{bundle.matter}.tar"
        super().__init__(
            status=200,
            headers={
                "content-type": "application/x-tar",
                "content-disposition": f'attachment; filename="{name}"',
            },
            watch=Watch(self._check, pace, vault.alarm, (principal.firm, principal.organization)),
        )
        del self.headers["content-length"]
        self._bundle, self._admission = bundle, admission
        self._digest, self._handed_bytes = hashlib.sha256(), 0

    async def _body(self, send: Send) -> None:
        async for piece in self._bundle.pieces():
            await in_thread(len(piece), self._digest.update, piece)
            view = memoryview(piece)
            for start in range(0, len(view), CHUNK_BYTES):
                chunk = view[start : start + CHUNK_BYTES]
                await self._give(send, bytes(chunk))
                self._handed_bytes += len(chunk)

    async def _check(self) -> None:
        bundle = self._bundle
        values = parameters(bundle.principal, bundle.vault.recorder.clock()) | {"matter": bundle.matter}
        async with bundle.vault.database.transaction([bundle.principal.firm]) as session:
            found = await STILL_THEIRS.first(session, values)
        if found is None:
            raise AccessEnded
        if found["firm_revoked"]:
            raise FirmKeyUnavailable

    async def _record_end(self, stopped: BaseException | None) -> None:
        bundle = self._bundle
        if isinstance(stopped, Exception) and isinstance(problem_of(stopped), IntegrityFailure) and bundle.at:
            subject, length_bytes = bundle.at
            damaged = Handover(
                bundle.vault.recorder, self._admission, bundle.principal, subject, length_bytes
            )
            await damaged.record_integrity()
        change: dict[str, object] = {"bytes": self._handed_bytes, "complete": stopped is None}
        content = {} if stopped else {"sha256": self._digest.hexdigest(), "len": self._handed_bytes}
        reason = None if stopped is None else reason_of(stopped)
        subject = Subject("matter", bundle.matter, bundle.matter)
        draft = Draft("matter.export.delivered", "info", reason, subject, change, content)
        await bundle.vault.recorder.append_alone(bundle.principal.firm, draft, self._admission)
