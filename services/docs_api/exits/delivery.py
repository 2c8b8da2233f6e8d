"""The answer that hands an exit bundle over: under watch like every transfer, and its end is an event.

Its length is not known before. Whatever stops it leaves the answer visibly unfinished, and the manifest in it
counts what must be there.
"""

import asyncio
import hashlib
from contextlib import ExitStack

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.docs_api.access import parameters
from services.docs_api.exits.packing import ExitBundle
from services.docs_api.exits.queries import STILL_THEIRS
from services.docs_api.transfers.errors import AccessEnded
from services.docs_api.transfers.failures import reason_of
from services.docs_api.transfers.intake import in_thread
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.watch import Watch, under_watch, whatever_happens
from services.evidence.event import Draft, Subject
from services.kernel.logs import logger
from services.kernel.principal import Admission
from services.kernel.problems import EvidenceUnavailable

CHUNK_BYTES = 256 * 1024
_log = logger("docs")


class ExitDelivery(Response):
    """Sends a bundle that was admitted. `held` is closed when it has ended, however it does."""

    media_type = "application/x-tar"

    def __init__(self, bundle: ExitBundle, admission: Admission, held: ExitStack) -> None:
        name = f"redwell-exit-{bundle.matter}.tar"
        super().__init__(headers={"Content-Disposition": f'attachment; filename="{name}"'})
        del self.headers["content-length"]
        self._bundle, self._admission, self._held = bundle, admission, held
        self._digest, self._handed_bytes = hashlib.sha256(), 0
        settings = bundle.vault.settings
        self._pace = Pace(settings.upload_minimum_rate_bytes, asyncio.get_running_loop().time)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        principal, alarm = self._bundle.principal, self._bundle.vault.alarm
        watch = Watch(self._check, self._pace, alarm, (principal.firm, principal.organization))
        stopped: BaseException | None = None
        try:
            await under_watch(self._send(send), _await_departure(receive), watch.keep())
        except asyncio.CancelledError as cancelled:
            stopped = cancelled
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the answer ends here and is not complete
            stopped = error
        finally:
            with self._held:
                await whatever_happens(self._end(stopped))

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for piece in self._bundle.pieces():
            await in_thread(len(piece), self._digest.update, piece)
            view = memoryview(piece)
            for start in range(0, len(view), CHUNK_BYTES):
                chunk = view[start : start + CHUNK_BYTES]
                with self._pace.waiting():
                    await send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
                self._pace.moved(len(chunk))
                self._handed_bytes += len(chunk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _check(self) -> None:
        bundle = self._bundle
        values = parameters(bundle.principal, bundle.vault.recorder.clock()) | {"matter": bundle.matter}
        async with bundle.vault.database.transaction([bundle.principal.firm]) as session:
            if await STILL_THEIRS.first(session, values) is None:
                raise AccessEnded

    async def _end(self, stopped: BaseException | None) -> None:
        bundle = self._bundle
        change: dict[str, object] = {"bytes": self._handed_bytes, "complete": stopped is None}
        content = {} if stopped else {"sha256": self._digest.hexdigest(), "len": self._handed_bytes}
        reason = None if stopped is None else reason_of(stopped)
        subject = Subject("matter", bundle.matter, bundle.matter)
        draft = Draft("matter.export.delivered", "info", reason, subject, change, content)
        try:
            await bundle.vault.recorder.append_alone(bundle.principal.firm, draft, self._admission)
        except EvidenceUnavailable:
            _log.exception("the end of an exit bundle could not be recorded")


async def _await_departure(receive: Receive) -> None:
    """As in `transfers/deliver.py`."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect
