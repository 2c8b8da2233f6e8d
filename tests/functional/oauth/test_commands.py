"""`redwell client …`, as an administrator types it."""

from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from services.cli.files.session import Kept, keep
from tests.harness.desk import Desk
from tests.harness.people import World, invite
from tests.harness.programs import Program


@pytest.fixture
def desk(office: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Of an administrator who has just signed in, without moving the clock for it."""
    made = Desk(office, tmp_path / "desk")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(made.config))
    admin = invite(office.instance, office["firm_admin"], ["firm_admin"], "second")
    keep(Kept(office.instance.url, str(office.instance.ca), "", "", "here"), admin.client.tokens)
    admin.client.close()
    return made


def test_a_program_from_its_making_to_its_end(office: World, desk: Desk) -> None:
    key = ECKey.generate_key("P-256")
    (desk.folder / "public.pem").write_bytes(key.as_pem(private=False))
    (desk.folder / "private.pem").write_bytes(key.as_pem(private=True))
    made = desk.run("client", "create", "Robot", "--scope", "document:read", "--scope", "matter:read")
    assert made.returncode == 0, made.stderr
    program = Program(office.instance, made.stdout.strip(), key)
    refused = desk.run("client", "key", program.id, "private.pem")
    assert (refused.returncode, "no public key" in refused.stderr) == (2, True)
    assert not _lists(desk, program.kid)
    added = desk.run("client", "key", program.id, "public.pem", "--days", "30")
    assert (added.returncode, added.stdout.strip()) == (0, program.kid)
    assert program.token(scope="matter:read")
    assert _lists(desk, program.kid)
    assert desk.run("client", "revoke", program.id, program.kid).returncode == 0
    assert program.ask().status_code == 401
    assert desk.run("client", "disable", program.id).returncode == 0
    again = desk.run("client", "disable", program.id)
    assert (again.returncode, "client-over" in again.stderr) == (1, True)


def _lists(desk: Desk, kid: str) -> bool:
    listed = desk.run("client", "ls")
    assert listed.returncode == 0, listed.stderr
    return kid in listed.stdout
