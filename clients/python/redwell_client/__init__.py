"""A typed client for Redwell's public API. It needs `httpx` and nothing of the server."""

from .client import Redwell, Tokens
from .devices import Waiting
from .errors import (
    BusyError,
    EndedEarlyError,
    FileChangedError,
    IntegrityError,
    NotSealedError,
    ProblemError,
    RedwellClientError,
    RefusedContentError,
    TargetError,
    UnsettledError,
    UploadGoneError,
)
from .files import LocalFile, file_sha256
from .patience import Patience, Watch
from .proving import Prover
from .sending import Begun
from .uploading import AT_ONCE_BYTES, is_in

__all__ = [
    "AT_ONCE_BYTES",
    "Begun",
    "BusyError",
    "EndedEarlyError",
    "FileChangedError",
    "IntegrityError",
    "LocalFile",
    "NotSealedError",
    "Patience",
    "ProblemError",
    "Prover",
    "Redwell",
    "RedwellClientError",
    "RefusedContentError",
    "TargetError",
    "Tokens",
    "UnsettledError",
    "UploadGoneError",
    "Waiting",
    "Watch",
    "file_sha256",
    "is_in",
]
