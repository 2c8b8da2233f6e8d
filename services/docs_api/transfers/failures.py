"""What stopped a transfer: as a problem to the client, and as a reason in the log."""

import asyncio

from starlette.requests import ClientDisconnect

from services.docs_api.sealing.segments import SealError
from services.docs_api.stores.errors import FirmStoreUnavailable
from services.docs_api.transfers.errors import AccessEnded, IntegrityFailure, UploadExpired, UploadTakenOver
from services.evidence.refusals import as_problem
from services.kernel.problems import BadRequest, KeyRetired, RedwellError, Unavailable
from services.keys.errors import KeysError
from services.storage.protocol import ObjectMissingError, StoreError, StoreShutError


def problem_of(error: Exception) -> RedwellError:
    """The problem that `error` is to the outside."""
    if isinstance(error, ClientDisconnect):
        return BadRequest()
    if isinstance(error, (SealError, KeysError, ObjectMissingError)):
        return IntegrityFailure()
    if isinstance(error, StoreShutError):
        return FirmStoreUnavailable()
    if isinstance(error, StoreError):
        return Unavailable("The store does not answer; nothing was changed")
    return as_problem(error)


def reason_of(error: BaseException) -> str:
    """The slug under which the log has `error`."""
    if isinstance(error, ClientDisconnect):
        return "client-gone"
    if isinstance(error, asyncio.CancelledError):
        return "server-stopped"
    if isinstance(error, (AccessEnded, KeyRetired, UploadExpired, UploadTakenOver)):
        return error.reason
    if isinstance(error, StoreError) and not isinstance(error, ObjectMissingError):
        return "store-unavailable"
    return problem_of(error).slug if isinstance(error, Exception) else "interrupted"
