"""What a program begins goes on only from where the program may come, and no longer than the program."""

from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from uuid import UUID

import httpx
import pytest

from tests.functional.oauth.asking import problem_of
from tests.harness.people import World
from tests.harness.programs import Program, new_program, put_on_matter
from tests.harness.resumable import CONTENT_TYPE, TUS, metadata
from tests.harness.rows import row, rows

HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
Begun = Callable[..., tuple[Program, httpx.Response]]


@pytest.fixture
def begun(office: World) -> Iterator[Begun]:
    """A program of one test's own, and the answer to its beginning of an upload of six bytes."""
    clients: list[httpx.Client] = []

    def begin(**changes: object) -> tuple[Program, httpx.Response]:
        program = new_program(office, office["firm_admin"], **changes)
        put_on_matter(office, program, office.matter)
        told = {"Upload-Length": "6", "Upload-Metadata": metadata(filename="a.bin", **{"class": "pleadings"})}
        headers = TUS | told | {"Authorization": f"Bearer {program.token()}"}
        clients.append(office.instance.http())
        answer = clients[0].post(f"/v1/matters/{office.matter}/tus", headers=headers)
        assert answer.status_code == 201, answer.text
        return program, answer

    yield begin
    for client in clients:
        client.close()


def _ask(office: World, url: str, method: str = "HEAD", address: str = HERE) -> httpx.Response:
    """A request of the capability's holder from `address`, for a PATCH with all of the content."""
    headers, content = TUS, b""
    if method == "PATCH":
        headers, content = TUS | {"Content-Type": CONTENT_TYPE, "Upload-Offset": "0"}, b"sealed"
    with httpx.Client(
        base_url=office.instance.url.replace("localhost", HERE),
        verify=False,  # noqa: S501 -- the certificate may not name the address; who answers is not in question
        transport=httpx.HTTPTransport(local_address=address, verify=False),
        timeout=60,
        trust_env=False,
    ) as http:
        return http.request(method, url, headers=headers | {"Host": _host(office)}, content=content)


def _host(office: World) -> str:
    return httpx.URL(office.instance.url).netloc.decode()


def test_a_capability_is_good_from_where_its_program_may_come(office: World, begun: Begun) -> None:
    _, answer = begun(networks=["127.0.0.1/32", "::1/128"])
    url = answer.headers["location"]
    for method in ("HEAD", "PATCH", "DELETE"):
        refused = _ask(office, url, method, ELSEWHERE)
        assert refused.status_code == 401, method
    assert problem_of(_ask(office, url, "PATCH", ELSEWHERE)) == (401, "network-refused")
    assert _ask(office, url).headers["upload-offset"] == "0"
    assert _ask(office, url, "PATCH").status_code == 204


def test_a_persons_capability_and_an_unbound_programs_are_good_from_anywhere(
    office: World, begun: Begun
) -> None:
    _, answer = begun()
    assert _ask(office, answer.headers["location"], "HEAD", ELSEWHERE).status_code == 200


def test_a_capability_ends_with_its_programs_session(office: World, begun: Begun) -> None:
    program, answer = begun()
    (ends_at,) = row(
        office.instance, "SELECT max(expires_at) FROM sessions WHERE member_id = $1", UUID(program.id)
    )
    assert parsedate_to_datetime(answer.headers["upload-expires"]) <= ends_at


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE client_keys SET expires_at = now() - interval '1 s' WHERE client_id = $1",
        "UPDATE client_keys SET revoked_at = now() WHERE client_id = $1",
        "UPDATE clients SET expires_at = now() - interval '1 s' WHERE id = $1",
        "UPDATE sessions SET expires_at = now() - interval '1 s' WHERE member_id = $1",
    ],
    ids=["key-over", "key-revoked", "client-over", "session-over"],
)
def test_what_a_program_began_ends_with_it(office: World, begun: Begun, end: str) -> None:
    program, answer = begun()
    url = answer.headers["location"]
    assert _ask(office, url).status_code == 200
    rows(office.instance, end, UUID(program.id))
    for method in ("HEAD", "PATCH", "DELETE"):
        assert _ask(office, url, method).status_code == 401, method
    assert problem_of(_ask(office, url, "PATCH")) == (401, "session-ended")
