"""`redwell login` by a code that is approved elsewhere, `redwell approve`, and where the session is kept."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from services.cli.files.session import Kept, keep
from tests.functional.oauth.devices import make_code_new, new_device
from tests.harness.desk import REDWELL, Desk, Terminal, typed
from tests.harness.eventually import eventually
from tests.harness.filed_keyring import NAME
from tests.harness.people import Person, World, invite
from tests.harness.rows import rows

SHOWN = re.compile(r"redwell approve ([A-Z]{4}-[A-Z]{4})\)")


@pytest.fixture
def person(office: World) -> Iterator[Person]:
    made = invite(office.instance, office["firm_admin"], ["attorney"], "typist")
    yield made
    made.client.close()


@pytest.fixture
def signed_in(office: World, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Where the person is signed in already, with a fresh factor."""
    desk = Desk(office, tmp_path / "signed in")
    with monkeypatch.context() as patched:
        patched.setenv("XDG_CONFIG_HOME", str(desk.config))
        keep(Kept(office.instance.url, str(office.instance.ca), "", "", "here"), person.client.tokens)
    return desk


@pytest.fixture
def desk(office: World, tmp_path: Path) -> Desk:
    """Another machine, which has a keyring."""
    desk = Desk(office, tmp_path / "new")
    desk.environment |= {
        "PYTHON_KEYRING_BACKEND": NAME,
        "REDWELL_TEST_KEYRING": str(desk.folder / "keyring.json"),
    }
    return desk


def test_a_machine_is_signed_in_from_another_and_its_keyring_keeps_it(
    person: Person, desk: Desk, signed_in: Desk
) -> None:
    keyring = desk.folder / "keyring.json"
    terminal = Terminal([*REDWELL, "login", *desk.place], desk.environment)
    (code,) = eventually(lambda: SHOWN.findall(terminal.read))
    assert f"{desk.world.instance.url}/device" in terminal.read
    approved = signed_in.run("approve", code, "--yes")
    assert approved.returncode == 0, approved.stderr
    assert "redwell on" in approved.stdout
    assert terminal.wait() == 0, terminal.read
    assert "Signed in as Typist, attorney." in terminal.read
    assert "kept in the keyring" in terminal.read
    (file,) = desk.config.rglob("session.json")
    kept = json.loads(file.read_text())
    assert set(kept) == {"url", "ca", "acting_for", "login"}
    token = json.loads(keyring.read_text())[f"redwell/{kept['login']}"]
    assert desk.run("ls").returncode == 0
    renewed = json.loads(keyring.read_text())
    assert list(renewed) == [f"redwell/{kept['login']}"]
    assert renewed[f"redwell/{kept['login']}"] != token
    assert "rw_rt_" not in file.read_text()
    assert len(person.client.call("GET", "/v1/me/sessions")["items"]) == 2
    assert desk.run("logout").returncode == 0
    assert (json.loads(keyring.read_text()), file.exists()) == ({}, False)


def test_without_a_keyring_a_private_file_keeps_it_and_says_so(
    office: World, person: Person, tmp_path: Path
) -> None:
    desk = Desk(office, tmp_path / "headless")
    answers = [
        ("e-mail address: ", person.email),
        ("password: ", person.password),
        ("shows: ", make_code_new(office, person)),
    ]
    refused = desk.run("login", "--store", "keyring", *desk.place)
    assert (refused.returncode, "--store file" in refused.stderr) == (1, True)
    status, shown = typed([*REDWELL, "login", "--password", *desk.place], desk.environment, answers)
    assert (status, "No keyring can be used here" in shown) == (0, True), shown
    (file,) = desk.config.rglob("session.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    refused = desk.run("ls")
    assert (refused.returncode, "is open to others" in refused.stderr) == (1, True)
    file.chmod(0o600)
    assert desk.run("ls").returncode == 0
    person.client.call("POST", "/v1/me/sessions/end-others")
    ended = desk.run("logout")
    assert (ended.returncode, file.exists()) == (0, False)


def test_what_keeps_it_is_chosen_and_never_are_both(office: World, person: Person, desk: Desk) -> None:
    keyring = desk.folder / "keyring.json"
    for store in ("keyring", "file"):
        answers = [
            ("e-mail address: ", person.email),
            ("password: ", person.password),
            ("shows: ", make_code_new(office, person)),
        ]
        command = [*REDWELL, "login", "--password", "--store", store, *desk.place]
        status, shown = typed(command, desk.environment, answers)
        assert status == 0, shown
        (file,) = desk.config.rglob("session.json")
        in_file = json.loads(file.read_text()).get("refresh", "").startswith("rw_rt_")
        assert (in_file, len(json.loads(keyring.read_text()))) == (
            (True, 0) if store == "file" else (False, 1)
        )


def test_a_factor_that_is_not_fresh_is_asked_for(office: World, person: Person, signed_in: Desk) -> None:
    device = new_device(office)
    rows(
        office.instance,
        "UPDATE sessions SET auth_time = auth_time - interval '6 minutes' WHERE member_id = $1",
        UUID(person.id),
    )
    answers = [("shows: ", make_code_new(office, person)), ("just now? [y/N]: ", "y")]
    status, shown = typed([*REDWELL, "approve", device.user_code], signed_in.environment, answers)
    assert (status, "signed in as you" in shown) == (0, True), shown
    assert device.poll().status_code == 200


def test_who_does_not_know_the_device_says_no(office: World, signed_in: Desk) -> None:
    device = new_device(office, "Somebody else's")
    asked = typed(
        [*REDWELL, "approve", device.user_code], signed_in.environment, [("just now? [y/N]: ", "n")]
    )
    assert (asked[0], "Somebody else's" in asked[1]) == (1, True)
    assert device.error() == "authorization_pending"
    denied = signed_in.run("approve", device.user_code, "--deny")
    assert (denied.returncode, device.error()) == (0, "access_denied")
    again = signed_in.run("approve", device.user_code)
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)
