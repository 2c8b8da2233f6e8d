"""One spelling: whatever the gateway lets through, the services' router reads exactly as the gateway did.

Some 200 other spellings of each protected path are sent. None may reach a service, whatever the router behind
would have made of it.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest
from starlette.types import Receive, Scope, Send

from services.gateway.app import EmbeddedFace
from services.gateway.decision import decide
from services.kernel.contracts import OPERATIONS_FILE
from services.kernel.http.operation import Operation
from tests.factories.gateway import HOST, MATTER, NOW, OPERATIONS, Memory, bearer, decision_point, head, rules

PROTECTED = [row.path.replace("{id}", MATTER) for row in OPERATIONS if row.access == "token"]
INSERTED = [
    "%2f",
    "%2F",
    "%252f",
    "%5c",
    "\\",
    "//",
    "/./",
    "/../",
    "/.%2e/",
    "/%2e/",
    "/%2e%2e/",
    "/;/",
    ";",
    ";a=b",
    "%3b",
    "%00",
    "\0",
    "%0d%0a",
    "\r\n",
    "\t",
    " ",
    "%20",
    "%09",
    "#",
    "#/x",
    "%23",
    "%3f",
    "%zz",
    "%",
    "%2",
    "%u002f",
    "%c0%af",
    "%e0%80%af",
    "%ef%bc%8f",
    "\u2215",
    "\u00e9",
    "@",
    ":",
    "*",
    "!",
    "~",
    "+",
    ",",
    "=",
    "&",
    "'",
    '"',
    "<",
    ">",
    "|",
    "^",
    "`",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "$",
    "\x7f",
    "\x80",
]
SUFFIXES = [
    "/",
    "//",
    "/.",
    "/..",
    "/%2e",
    "/;",
    ".",
    "..",
    "%20",
    " ",
    "%00",
    "%0a",
    "\n",
    "#",
    "#x",
    "%3f",
    ";x",
    ".json/",
    "/*",
    "\\",
]
PREFIXES = [
    "/",
    "/.",
    "/..",
    "/x/..",
    "\\",
    "http://localhost:8443",
    "http://evil",
    "//evil",
    "%2f",
    ";",
    "/%2e",
    "*",
    " ",
    "",
]


def other_spellings(path: str) -> Iterator[bytes]:
    middle = path.rindex("/")
    for text in INSERTED:
        yield (path[:middle] + text + path[middle + 1 :]).encode("utf-8", "surrogateescape")
        yield (path[: middle + 2] + text + path[middle + 2 :]).encode()
    yield from ((path + suffix).encode() for suffix in SUFFIXES)
    yield from ((prefix + path).encode() for prefix in PREFIXES if prefix)
    yield path[1:].encode()
    for index in (1, 4, len(path) - 1):
        yield f"{path[:index]}%{ord(path[index]):02x}{path[index + 1 :]}".encode()
    yield path.upper().encode()
    yield path.title().encode()
    yield path.replace("/v1", "/V1").encode()


RULES = rules()
PLAIN = re.compile(rb"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+(\?[a-z0-9/-]*)?")
"""Nothing in it could be read in two ways; there is just no operation there."""


@pytest.mark.parametrize("path", PROTECTED)
def test_no_other_spelling_is_admitted(path: str) -> None:
    spellings = {spelling for spelling in other_spellings(path) if spelling != path.encode()}
    assert len(spellings) > 150
    for spelling in spellings:
        for method in ("GET", "POST", "PUT", "HEAD"):
            problem = decide(head(method, spelling, bearer()), RULES, NOW).problem
            assert problem is not None, spelling
            assert problem.status == (404 if PLAIN.fullmatch(spelling) else 400), spelling


@pytest.mark.parametrize("path", PROTECTED)
async def test_no_other_spelling_reaches_a_service(path: str) -> None:
    """Even where decoding would make the protected path of it: the gateway does not decode."""
    reached: list[Scope] = []

    async def service(scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(scope)

    async def ignore(_message: object) -> None: ...

    memory = Memory()
    face = EmbeddedFace(decision_point(memory), {"docs": service, "auth": service, "audit": service})
    sent = 0
    for spelling in other_spellings(path):
        raw, _, query = spelling.partition(b"?")
        scope = {
            "type": "http",
            "method": "GET",
            "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
            "raw_path": raw,
            "query_string": query,
            "headers": [HOST, bearer()],
            "client": ("192.0.2.7", 1),
        }
        await face(scope, _no_body, ignore)
        sent += 1
    assert not reached
    assert len(memory.counts) == sent


async def _no_body() -> dict[str, object]:
    raise AssertionError("the gateway reads no body")


@pytest.mark.parametrize("path", PROTECTED)
async def test_what_is_admitted_is_routed_on_as_it_was_decided_on(path: str) -> None:
    routed: list[str] = []

    async def service(scope: Scope, _receive: Receive, _send: Send) -> None:
        routed.append(scope["path"])

    face = EmbeddedFace(decision_point(Memory()), {"docs": service, "auth": service, "audit": service})
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/elsewhere",
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [HOST, bearer()],
        "client": None,
    }
    await face(scope, _no_body, _ignore)
    assert routed in ([], [path])


async def _ignore(_message: object) -> None: ...


def test_every_committed_operation_has_a_plain_path() -> None:
    rows = [Operation.from_json(row) for row in json.loads(OPERATIONS_FILE.read_text())["operations"]]
    own = rules()
    for row in rows:
        path = row.path
        while "{" in path:
            start, end = path.index("{"), path.index("}")
            path = path[:start] + MATTER + path[end + 1 :]
        problem = decide(head(row.method, path), own, NOW).problem
        assert problem is None or problem.slug != "bad-target", row.id
