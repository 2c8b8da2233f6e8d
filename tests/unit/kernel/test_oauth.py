import json

import pytest

from services.kernel.http.oauth import MalformedForm, error_body, parse_form
from services.kernel.problems import (
    BadRequest,
    Forbidden,
    InternalError,
    RedwellError,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", {}),
        (b"a=1&b=two+words&c=%C3%A9", {"a": "1", "b": "two words", "c": "é"}),
        (b"a=urn:x/y?z&b=", {"a": "urn:x/y?z"}),
        (b"a=1=2", {"a": "1=2"}),
    ],
)
def test_a_form_is_read(body: bytes, fields: dict[str, str]) -> None:
    assert parse_form(body) == fields


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=2",
        b"a=&a=",
        b"a=%",
        b"a=%0",
        b"a=%zz",
        b"a=%00",
        b"a=%ff",
        b"a=\x00",
        b"a b=1",
        b"a=1;b=2",
        b'a="',
        b"a={}",
        b"\xc3\xa9=1",
        b"&".join(b"n%d=1" % number for number in range(21)),
    ],
)
def test_what_two_parsers_could_read_differently_is_no_form(body: bytes) -> None:
    with pytest.raises(MalformedForm):
        parse_form(body)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (BadRequest(), "invalid_request"),
        (TooLarge(), "invalid_request"),
        (Unauthorized(), "invalid_client"),
        (Forbidden(), "unauthorized_client"),
        (TooManyRequests(1), "temporarily_unavailable"),
        (Unavailable(), "temporarily_unavailable"),
        (InternalError(), "server_error"),
    ],
)
def test_every_problem_has_a_code_of_the_standard(problem: RedwellError, code: str) -> None:
    document = json.loads(error_body(problem))
    assert (document["error"], document["error_uri"]) == (
        code,
        f"https://redwell.dev/errors/{problem.slug}",
    )
