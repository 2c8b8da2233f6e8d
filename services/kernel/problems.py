"""Problems: one tree of errors, rendered as RFC 9457 `application/problem+json`.

    RedwellError
    ├── BadRequest 400 · MalformedBody 400
    ├── Unauthorized 401 ── SessionEnded · KeyRetired · StepUpRequired
    ├── Forbidden 403
    ├── NotFound 404          "not yours" and "not there" are the same answer
    ├── MethodNotAllowed 405
    ├── Conflict 409
    ├── PreconditionFailed 412 · PreconditionRequired 428
    ├── TooLarge 413 · UnsupportedMediaType 415
    ├── InvalidInput 422
    ├── TooManyRequests 429
    ├── InternalError 500
    └── Unavailable 503 ── EvidenceUnavailable

Rooms add leaves in their own `errors.py`. No problem ever repeats what was sent.
"""

import json
from typing import ClassVar
from uuid import UUID

PROBLEM_TYPE = "application/problem+json"
TYPE_PREFIX = "https://redwell.dev/errors/"


class RedwellError(Exception):
    """An expected failure. `slug` is stable: programs switch on it; `detail` is for people.

    `recorded` is set by who has already written the evidence of this very refusal; `reason`, by who knows
    more exactly than the slug why, for the evidence alone.
    """

    status: ClassVar[int]
    slug: ClassVar[str]
    title: ClassVar[str]
    recorded: bool = False
    reason: str | None = None

    def __init__(self, detail: str | None = None, **members: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.members = members

    def headers(self) -> dict[str, str]:
        """Headers that the status demands (`WWW-Authenticate`, `Retry-After`, `Allow`)."""
        return {}


class BadRequest(RedwellError):
    status = 400
    slug = "bad-request"
    title = "The request is not of a form that is served here"


class MalformedBody(RedwellError):
    status = 400
    slug = "malformed-body"
    title = "The body is not well-formed JSON"


class Unauthorized(RedwellError):
    status = 401
    slug = "unauthorized"
    title = "A valid access token is needed"
    challenge: ClassVar[str] = 'Bearer error="invalid_token"'

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self.challenge}


class SessionEnded(Unauthorized):
    slug = "session-ended"
    title = "The session has ended; sign in again"


class KeyRetired(Unauthorized):
    """To whoever asks it is any token that is not believed; the evidence tells more."""

    reason = "token-key-retired"


class StepUpRequired(Unauthorized):
    """RFC 9470: the operation wants a factor proved more recently than the token says."""

    slug = "step-up-required"
    title = "A factor must be proved again for this operation"

    def __init__(self, max_age_seconds: int, scheme: str = "Bearer") -> None:
        super().__init__(None, max_age=max_age_seconds)
        self.max_age_seconds, self.scheme = max_age_seconds, scheme

    def headers(self) -> dict[str, str]:
        wanted = f'error="insufficient_user_authentication", max_age="{self.max_age_seconds}"'
        return {"WWW-Authenticate": f"{self.scheme} {wanted}"}


class Forbidden(RedwellError):
    status = 403
    slug = "forbidden"
    title = "Your role does not allow this operation"


class NotFound(RedwellError):
    status = 404
    slug = "not-found"
    title = "There is nothing here for you"


class MethodNotAllowed(RedwellError):
    status = 405
    slug = "method-not-allowed"
    title = "This method is not served at this path"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__()
        self.allowed = allowed

    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(sorted(self.allowed))}


class Conflict(RedwellError):
    status = 409
    slug = "conflict"
    title = "The request conflicts with what is there"


class PreconditionFailed(RedwellError):
    status = 412
    slug = "precondition-failed"
    title = "It was changed meanwhile; read it again, and decide again"


class PreconditionRequired(RedwellError):
    status = 428
    slug = "precondition-required"
    title = "Say in If-Match which version is meant; reading gives it as etag"


class TooLarge(RedwellError):
    status = 413
    slug = "too-large"
    title = "The body is larger than this operation takes"


class UnsupportedMediaType(RedwellError):
    status = 415
    slug = "unsupported-media-type"
    title = "The body is not of a type that this operation takes"


class InvalidInput(RedwellError):
    """Well-formed, but not what the operation takes. `errors` names places, never values."""

    status = 422
    slug = "invalid-input"
    title = "The input is not valid"


class TooManyRequests(RedwellError):
    status = 429
    slug = "too-many-requests"
    title = "Too many attempts; wait before the next"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_seconds)}


class InternalError(RedwellError):
    status = 500
    slug = "internal-error"
    title = "Something failed that should not; nothing was changed"


class Unavailable(RedwellError):
    status = 503
    slug = "unavailable"
    title = "A part that this operation needs is not available; nothing was changed"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class EvidenceUnavailable(Unavailable):
    slug = "evidence-unavailable"
    title = "The access log cannot be written, so nothing is served"


def problem_body(error: RedwellError, request_id: UUID | None) -> bytes:
    """The problem document of `error` (RFC 9457), with the request id as its `instance`."""
    document: dict[str, object] = {
        "type": TYPE_PREFIX + error.slug,
        "title": error.title,
        "status": error.status,
    }
    if error.detail is not None:
        document["detail"] = error.detail
    if request_id is not None:
        document["instance"] = f"urn:uuid:{request_id}"
    return json.dumps(document | error.members, ensure_ascii=False).encode()
