"""What can go wrong at the other end, as types.

RedwellClientError
├── ProblemError      the server refused: a problem document (RFC 9457)
├── IntegrityError    what arrived is not what the server said it would be
│   └── EndedEarlyError   it ended too early; what came is right as far as anybody can say
├── NotSealedError    what is asked for is there, but its proof is not yet
└── TargetError       it cannot be kept here: the disk is full, or the folder closed
"""

from collections.abc import Mapping

import httpx


class RedwellClientError(Exception):
    pass


class ProblemError(RedwellClientError):
    """A refusal. `slug` is stable; `event` is the `Redwell-Event` header, where the refusal left one."""

    def __init__(self, status: int, document: Mapping[str, object], event: str | None) -> None:
        self.status = status
        self.document = dict(document)
        self.slug = str(document.get("type", "")).rpartition("/")[2]
        self.event = event
        super().__init__(f"{status} {self.slug}: {document.get('title', '')}")


class IntegrityError(RedwellClientError):
    pass


class EndedEarlyError(IntegrityError):
    pass


class NotSealedError(RedwellClientError):
    pass


class TargetError(RedwellClientError):
    """The message names the file and the reason."""


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the problem that an answer is, if it is one; its body must have been read."""
    if not response.is_error:
        return
    try:
        document = response.json()
    except ValueError:
        document = {"title": "The answer is no problem document"}
    raise ProblemError(response.status_code, document, response.headers.get("redwell-event"))
