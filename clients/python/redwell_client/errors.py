"""What can go wrong at the other end, as types.

RedwellClientError
├── ProblemError      the server refused: a problem document (RFC 9457)
├── IntegrityError    what arrived is not what the server said it would be
│   └── EndedEarlyError   it ended too early; what came is right as far as anybody can say
├── TargetError       it cannot be kept here: the disk is full, or the folder closed
├── BusyError         another process is doing the same here
├── FileChangedError  the file here is not what it was when it was read
├── UploadGoneError   the upload is not there any more; the content has to be sent from the beginning
├── RefusedContentError   all of it arrived, and will not be available
├── NotSealedError    what is asked for is there, but its proof is not yet
└── UnsettledError    all of it arrived, and is not available yet
"""

from collections.abc import Mapping

import httpx


class RedwellClientError(Exception):
    pass


class ProblemError(RedwellClientError):
    """A refusal. `slug` is stable; `event` is the `Redwell-Event` header, where the refusal left one."""

    retry_after_seconds = 0
    """When to ask again, where the server said so."""

    def __init__(self, status: int, document: Mapping[str, object], event: str | None) -> None:
        self.status = status
        self.document = dict(document)
        # An endpoint of OAuth has the same words under other names.
        self.slug = str(document.get("type") or document.get("error_uri", "")).rpartition("/")[2]
        self.event = event
        super().__init__(
            f"{status} {self.slug}: {document.get('title') or document.get('error_description', '')}"
        )


class IntegrityError(RedwellClientError):
    pass


class EndedEarlyError(IntegrityError):
    pass


class NotSealedError(RedwellClientError):
    pass


class TargetError(RedwellClientError):
    """The message names the file and the reason."""


class BusyError(RedwellClientError):
    pass


class FileChangedError(RedwellClientError):
    pass


class UploadGoneError(RedwellClientError):
    pass


class RefusedContentError(RedwellClientError):
    """The message says why; sending the same again will not help, unless it was altered on its way."""


class UnsettledError(RedwellClientError):
    pass


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the problem that an answer is, if it is one; its body must have been read."""
    if not response.is_error:
        return
    try:
        document = response.json()
    except ValueError:
        document = {"title": "The answer is no problem document"}
    problem = ProblemError(response.status_code, document, response.headers.get("redwell-event"))
    after = response.headers.get("retry-after", "")
    problem.retry_after_seconds = int(after) if after.isdecimal() else 0
    raise problem
