"""The Python client and `redwell login` with a key that their sessions are bound to."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pyotp
import pytest

from clients.python.redwell_client import LocalFile, ProblemError, Redwell
from clients.python.redwell_client.proof_key import ProofKey
from tests.harness.desk import REDWELL, Desk, Terminal, typed
from tests.harness.eventually import eventually
from tests.harness.people import PASSWORD, Person, World, invite, organization
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
    command = [*REDWELL, "login", *desk.place, "--password", "--store", "file", *words]
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
        resumable = tmp_path / "resumable.txt"
        resumable.write_bytes(b"by a capability, which is a bearer's")
        file = LocalFile.read(resumable)
        client.send_on(client.begin(office.matter, file, "pleadings"), file)
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


@pytest.fixture(scope="module")
def strict_admin(office: World) -> Iterator[Person]:
    """The administrator, signed in with a key, of a firm that demands it of everyone."""
    _, admin = organization(office.instance, office.operator, "firm", "Keys & Keys")
    admin.client.close()
    with sign_in(office, admin, ProofKey.generate()) as client:
        headers = client._headers() | {"If-Match": '"0"'}
        demanded = client._http.put(PATH, json={"required_of": "everyone"}, headers=headers)
        assert demanded.status_code == 200
        admin.client = client
        yield admin


def test_where_it_is_demanded_login_binds_unasked(office: World, strict_admin: Person, desk: Desk) -> None:
    login(office, strict_admin, desk)
    assert json.loads((desk.config / "redwell" / "session.json").read_text())["key"]
    assert desk.run("logout").returncode == 0


def test_where_it_is_demanded_an_approved_machine_proves_a_key(
    office: World, strict_admin: Person, desk: Desk
) -> None:
    terminal = Terminal([*REDWELL, "login", *desk.place, "--store", "file"], desk.environment)
    (code,) = eventually(lambda: re.findall(r"redwell approve ([A-Z]{4}-[A-Z]{4})\)", terminal.read))
    strict_admin.client.step_up(next_code(office, strict_admin))
    strict_admin.client.call("POST", "/v1/devices/approve", {"user_code": code})
    assert terminal.wait() == 0, terminal.read
    assert json.loads((desk.config / "redwell" / "session.json").read_text())["key"]
    unbound = "SELECT count(*) FROM sessions WHERE tenant_id = $1 AND ended_at IS NULL AND proof_key IS NULL"
    assert rows(office.instance, unbound, UUID(strict_admin.organization))[0][0] == 0
    assert desk.run("logout").returncode == 0


def test_where_it_is_demanded_join_proves_a_key(office: World, strict_admin: Person, desk: Desk) -> None:
    email = "joins-with-a-key@example.com"
    invited = {"email": email, "roles": ["attorney"]}
    code = strict_admin.client.call("POST", "/v1/invitations", invited)["code"]
    answers = [
        ("e-mail address: ", email),
        ("name: ", "Late"),
        ("or more): ", PASSWORD),
        ("again: ", PASSWORD),
    ]
    command = [*REDWELL, "join", code, *desk.place]
    terminal = Terminal(command, desk.environment, answers)
    eventually(lambda: terminal.read.endswith("shows now: "))
    (secret,) = re.findall(r"^\s+([A-Z2-7]{32})\s*$", terminal.read, re.MULTILINE)
    terminal.type(pyotp.TOTP(secret).at(office.instance.clock.now()) + "\n")
    assert terminal.wait() == 0, terminal.read
    assert "You have joined Keys & Keys" in terminal.read
