"""The Python client and `redwell login` with a key that their sessions are bound to."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from clients.python.redwell_client import ProblemError, Redwell
from clients.python.redwell_client.proof_key import ProofKey
from tests.harness.desk import REDWELL, Desk, typed
from tests.harness.people import Person, World, invite, organization
from tests.harness.rows import rows

PATH = "/v1/organization/proofs"


def next_code(office: World, person: Person) -> str:
    """A code that is good now: nobody moves this instance's clock, so the last use is forgotten instead."""
    rows(office.instance, "UPDATE totp_factors SET last_step = 0 WHERE member_id = $1", UUID(person.id))
    return person.code(office.instance.clock.now())


def sign_in(office: World, person: Person, key: ProofKey) -> Redwell:
    client = office.instance.client()
    client.prove(key)
    client.confirm_sign_in(client.sign_in(person.email, person.password), next_code(office, person))
    return client


def login(office: World, person: Person, desk: Desk, *words: str) -> str:
    answers = [
        ("e-mail address: ", person.email),
        ("password: ", person.password),
        ("shows: ", next_code(office, person)),
    ]
    command = [*REDWELL, "login", "--url", office.instance.url, "--ca", str(office.instance.ca), *words]
    status, shown = typed(command, desk.environment, answers)
    assert status == 0, shown
    return shown


@pytest.fixture(scope="module")
def attorney(office: World) -> Iterator[Person]:
    person = invite(office.instance, office["firm_admin"], ["attorney"], "keyed")
    office["attorney"].client.call("PUT", f"/v1/matters/{office.matter}/people/{person.id}")
    with person.client:
        yield person


@pytest.fixture
def desk(office: World, tmp_path: Path) -> Desk:
    return Desk(office, tmp_path / "desk")


def test_the_client_proves_its_key_with_everything_it_does(
    office: World, attorney: Person, tmp_path: Path
) -> None:
    source = tmp_path / "bound.txt"
    source.write_bytes(b"bound to a key")
    with sign_in(office, attorney, ProofKey.generate()) as client:
        assert client.tokens is not None
        assert client.tokens.bound
        client.refresh()
        client.act_for(attorney.organization)
        client.step_up(next_code(office, attorney))
        document = client.put(office.matter, source, "pleadings")
        assert document["id"] in {row["id"] for row in client.documents(office.matter)}
        client.fetch(document["id"], tmp_path / "fetched.txt")
        assert (tmp_path / "fetched.txt").read_bytes() == b"bound to a key"
        assert list(client.inboxes())
        with (
            Redwell(client.url, ca=office.instance.ca, tokens=client.tokens) as thief,
            pytest.raises(ProblemError, match="proof-refused"),
        ):
            thief.refresh()


def test_a_login_that_is_bound_is_of_use_where_its_key_is(
    office: World, attorney: Person, desk: Desk
) -> None:
    login(office, attorney, desk, "--bound")
    assert desk.run("ls").returncode == 0
    assert desk.run("ls").returncode == 0, "renewed with the key that was kept"
    kept = desk.config / "redwell" / "session.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    told = json.loads(kept.read_text())
    kept.write_text(json.dumps(told | {"key": ProofKey.generate().to_pem()}))
    refused = desk.run("ls")
    assert refused.returncode != 0
    assert "The proof of this session's key was refused" in refused.stderr
    kept.write_text(json.dumps(told | {"key": "nothing"}))
    assert "holds no key" in desk.run("ls").stderr
    kept.write_text(json.dumps(told))
    assert desk.run("logout").returncode == 0


def test_where_it_is_demanded_login_binds_unasked(office: World, desk: Desk) -> None:
    _, admin = organization(office.instance, office.operator, "firm", "Keys & Keys")
    with admin.client, sign_in(office, admin, ProofKey.generate()) as client:
        headers = client._headers() | {"If-Match": '"0"'}
        demanded = client._http.put(PATH, json={"required_of": "everyone"}, headers=headers)
        assert demanded.status_code == 200
        login(office, admin, desk)
        assert json.loads((desk.config / "redwell" / "session.json").read_text())["key"]
        assert desk.run("logout").returncode == 0
