"""Why a transfer is refused, or stops."""

from math import ceil

from services.kernel.problems import Conflict, InternalError, InvalidInput, NotFound, RedwellError


class UploadClosed(Conflict):
    slug = "upload-closed"
    title = "The upload is complete or has run out; create the document again"


class UploadExpired(UploadClosed):
    """Outside the same as any other that takes nothing more; the log says that it was time."""

    reason = "expired"


class UploadOfAnotherKind(Conflict):
    slug = "upload-kind"
    title = "The upload was begun by the tus protocol, and goes on by it alone"


class UploadBusy(RedwellError):
    status = 423
    slug = "upload-busy"
    title = "Another request is sending this upload's content"

    def __init__(self, leased_seconds: float = 5) -> None:
        super().__init__()
        self._retry_after_seconds = min(5, max(1, ceil(leased_seconds)))

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self._retry_after_seconds)}


class UploadTakenOver(UploadBusy):
    """To the request whose place another has taken; the log tells the two apart."""

    reason = "taken-over"


class TransferTooSlow(RedwellError):
    status = 408
    slug = "too-slow"
    title = "The content came slower than the least rate that is served"


class DigestMismatch(InvalidInput):
    slug = "digest-mismatch"
    title = "The content is not what was declared: its length or its SHA-256 differs"


class IntegrityFailure(InternalError):
    slug = "integrity-failure"
    title = "The stored content is not what was stored; nothing of it is served"


class AccessEnded(NotFound):
    """Outside the same as any other "not there"; the log names it."""

    reason = "access-ended"
