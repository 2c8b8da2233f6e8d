"""The dialect `oauth`: forms in, JSON out, errors as RFC 6749 section 5.2 has them.

`error` is one of the few codes of the standard; `error_uri` names the exact reason by the slug that every
problem has (docs/errors.md). Nothing that was sent is repeated.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

from services.kernel.problems import TYPE_PREFIX, BadRequest, RedwellError

MEDIA_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
FORM_LIMIT_BYTES: Final = 16 * 1024
ERROR_SCHEMA: Final = {
    "title": "OAuthError",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "error_description": {"type": "string"},
        "error_uri": {"type": "string", "format": "uri"},
    },
}
_MAX_FIELDS: Final = 20
# What RFC 3986 allows in a query but ";", which some programs take for "&"; escapes whole, and none of NUL.
_FORM: Final = re.compile(rb"(?:[A-Za-z0-9._~!$'()*+,:@/?=&-]|%(?!00)[0-9A-Fa-f]{2})*")
_TEMPORARY_FROM: Final = 500
# RFC 6749 has no code for a client that comes too often; this one says what to do.
_CODES: Final = {401: "invalid_client", 403: "unauthorized_client", 429: "temporarily_unavailable"}


class OAuthRefusal(RedwellError):
    """A refusal with a code of its own."""

    code: ClassVar[str]


class MalformedForm(BadRequest):
    slug = "malformed-form"
    title = "The body is not a form in which every name stands once"


def error_code(problem: RedwellError) -> str:
    """The code of the standard that `problem` comes under."""
    if isinstance(problem, OAuthRefusal):
        return problem.code
    if problem.status >= _TEMPORARY_FROM:
        return "temporarily_unavailable" if problem.headers() else "server_error"
    return _CODES.get(problem.status, "invalid_request")


def error_body(problem: RedwellError) -> bytes:
    document = {
        "error": error_code(problem),
        "error_description": problem.title,
        "error_uri": TYPE_PREFIX + problem.slug,
    }
    return json.dumps(document).encode()


def parse_form(body: bytes) -> dict[str, str]:
    """The fields of a form; what is there but empty counts as left out (RFC 6749 section 3.2).

    Raises:
        MalformedForm: it is not UTF-8 in the one spelling, has too many fields, or one of them twice.
    """
    if not _FORM.fullmatch(body):
        raise MalformedForm
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        raise MalformedForm from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedForm
    return {name: value for name, value in fields.items() if value}


def form_body(properties: Mapping[str, str], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The OpenAPI description of a form: what each field is, and which there must be."""
    schema = {
        "type": "object",
        "required": list(required),
        "properties": {name: {"type": "string", "description": told} for name, told in properties.items()},
    }
    return {"required": True, "content": {FORM_TYPE: {"schema": schema}}}
