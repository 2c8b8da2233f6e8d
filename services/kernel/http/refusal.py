"""A refusal as bytes, in the shape of the dialect that was spoken."""

from uuid import UUID

from services.kernel.http import oauth
from services.kernel.http.operation import Dialect
from services.kernel.problems import PROBLEM_TYPE, RedwellError, problem_body


def refusal_body(problem: RedwellError, dialect: Dialect, request_id: UUID | None) -> tuple[str, bytes]:
    """Media type and body: an error of RFC 6749 in the dialect `oauth`, a problem document elsewhere."""
    if dialect == "oauth":
        return oauth.MEDIA_TYPE, oauth.error_body(problem)
    return PROBLEM_TYPE, problem_body(problem, request_id)
