"""A typed client for Redwell's public API. It needs `httpx` and nothing of the server."""

from .client import Redwell, Tokens
from .errors import IntegrityError, ProblemError, RedwellClientError, TargetError

__all__ = ["IntegrityError", "ProblemError", "Redwell", "RedwellClientError", "TargetError", "Tokens"]
