"""A typed client for Redwell's public API. It needs `httpx` and nothing of the server."""

from .client import Redwell, Tokens, file_sha256
from .errors import (
    EndedEarlyError,
    IntegrityError,
    NotSealedError,
    ProblemError,
    RedwellClientError,
    TargetError,
)

__all__ = [
    "EndedEarlyError",
    "IntegrityError",
    "NotSealedError",
    "ProblemError",
    "Redwell",
    "RedwellClientError",
    "TargetError",
    "Tokens",
    "file_sha256",
]
