"""What the log has of an archive: its own event, and one for each document in it.

So whoever searches by document finds it as if it had been fetched alone. `change.archive` names the archive.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from services.docs_api.archives.contents import Archive, Content
from services.docs_api.documents.queries import opened_by
from services.docs_api.transfers.deliver import Handover
from services.docs_api.transfers.failures import reason_of
from services.evidence.act import Act
from services.evidence.event import Draft, Event
from services.evidence.recorder import Recorder
from services.kernel.database import driver_connection
from services.kernel.http.admission import admission_of
from services.kernel.principal import Admission, Principal


@dataclass(frozen=True, slots=True)
class Witness:
    """Writes down, for one request, what became of one archive."""

    recorder: Recorder
    admission: Admission
    principal: Principal

    @classmethod
    def of(cls, request: Request, recorder: Recorder, principal: Principal) -> "Witness":
        return cls(recorder, admission_of(request), principal)

    async def admitted(self, act: Act, archive: Archive) -> Event:
        """In the transaction of `act`: that all of it was admitted. Returns the archive's own event."""
        contents = [
            Draft(
                "document.fetched",
                subject=content.subject,
                change={"archive": str(archive.id)} | opened_by(content.row),
                content={"sha256": content.sha256, "len": content.length_bytes},
            )
            for content in archive.contents
        ]
        connection = await driver_connection(act.session)
        await self.recorder.append_all(connection, self.principal.firm, contents, self.admission)
        change = {"documents": len(archive.contents), "bytes": archive.content_bytes}
        whole = {"len": archive.layout.length_bytes}
        return await act.record(
            Draft("archive.fetched", subject=archive.subject, change=change, content=whole)
        )

    async def integrity(self, content: Content) -> Event:
        """That a document is not what was stored."""
        handover = Handover(
            self.recorder, self.admission, self.principal, content.subject, content.length_bytes
        )
        return await handover.record_integrity()

    async def ended(
        self, archive: Archive, handed: Sequence[int], in_all: int, stopped: BaseException | None
    ) -> None:
        """How many bytes of each document, and of the archive, were handed over, and why no more."""
        reason = None if stopped is None else reason_of(stopped)
        drafts = [
            self._end(content, bytes_handed, archive, reason)
            for content, bytes_handed in zip(archive.contents, handed, strict=True)
        ]
        change = {"bytes": in_all, "of": archive.layout.length_bytes, "complete": stopped is None}
        drafts.append(Draft("archive.delivered", "info", reason, archive.subject, change))
        await self.recorder.append_all_alone(self.principal.firm, drafts, self.admission)

    def _end(self, content: Content, handed_bytes: int, archive: Archive, reason: str | None) -> Draft:
        complete = handed_bytes == content.length_bytes and (reason is None or handed_bytes > 0)
        change = {
            "archive": str(archive.id),
            "bytes": handed_bytes,
            "of": content.length_bytes,
            "complete": complete,
        }
        return Draft("document.delivered", "info", None if complete else reason, content.subject, change)
