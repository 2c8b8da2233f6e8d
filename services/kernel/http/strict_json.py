"""JSON read strictly (RFC 8259, with I-JSON's limits of RFC 7493), so that every parser agrees on a body.

Refused: other encodings than UTF-8, duplicate names, NaN and infinities (also by overflow, as `1e400`), lone
surrogates, NUL in strings, integers beyond 2^53, and nesting deeper than 32.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from services.kernel.problems import MalformedBody

_MAX_DEPTH = 32
_MAX_INTEGER = 1 << 53


def parse(body: bytes) -> object:
    """The value of a JSON body.

    Raises:
        MalformedBody: it is not JSON that every parser would read alike.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
        _inspect(value, _MAX_DEPTH)
    except (ValueError, RecursionError):
        raise MalformedBody from None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate name")
    return result


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return number


def _bounded(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _MAX_INTEGER:  # noqa: PLR2004 -- 2^53 has 16 digits and a sign
        raise ValueError("number out of range")
    return int(text)


def _inspect(value: object, depth: int) -> None:
    if depth == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        _inspect_text(value)
    elif isinstance(value, list):
        for item in value:
            _inspect(item, depth - 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            _inspect_text(name)
            _inspect(item, depth - 1)


def _inspect_text(text: str) -> None:
    text.encode("utf-8")  # UnicodeEncodeError (a ValueError) on a lone surrogate
    if "\0" in text:
        raise ValueError("NUL in a string")


class StrictRequest(Request):
    async def json(self) -> object:
        return parse(await self.body())


class StrictRoute(APIRoute):
    """A route whose body FastAPI reads through `parse`, not through `json.loads`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly
