"""What an endpoint that takes a form declares, and the form itself."""

from typing import Annotated, Any

from fastapi import Depends, Request

from services.kernel.http.oauth import FORM_LIMIT_BYTES, FORM_TYPE, form_body, parse_form
from services.kernel.http.operation import declare

Form = dict[str, str]


async def _read_form(request: Request) -> Form:
    return parse_form(await request.body())


FormDep = Annotated[Form, Depends(_read_form)]
"""The fields that were sent. Those that an endpoint does not know it ignores (RFC 6749 section 3.2)."""


def declare_form(
    operation_id: str, *, event: str, fields: dict[str, str], required: tuple[str, ...]
) -> dict[str, Any]:
    """Keyword arguments for the route of a public operation that takes a form of `fields` (name: meaning)."""
    declared = declare(
        operation_id,
        access="public",
        dialect="oauth",
        event=event,
        body_limit_bytes=FORM_LIMIT_BYTES,
        media_type=FORM_TYPE,
    )
    declared["openapi_extra"]["requestBody"] = form_body(fields, required)
    return declared
