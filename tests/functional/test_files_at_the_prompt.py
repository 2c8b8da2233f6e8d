"""`redwell login`, `ls`, `put` and `get`, as somebody types them."""

import json
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from services.cli.files.session import NotSignedInError, SignedIn, signed_in
from tests.functional.docs_api.moving import fetch_rows
from tests.harness.desk import REDWELL, Desk, states, typed
from tests.harness.people import Person, World, invite, matter_body
from tests.harness.stage import MIB, content_of

TRIES = 8


@pytest.fixture
def attorney(world: World, tmp_path: Path) -> Desk:
    desk = Desk(world, tmp_path / "attorney")
    status, shown = desk.login(world["attorney"])
    assert status == 0, shown
    return desk


@pytest.fixture
def matter(world: World) -> dict[str, Any]:
    made: dict[str, Any] = world["attorney"].client.call(
        "POST", "/v1/matters", matter_body(world["attorney"].id)
    )
    return made


@pytest.fixture
def reader(world: World) -> Iterator[Person]:
    person = invite(world.instance, world["provider_admin"], ["paralegal"], "reader")
    yield person
    person.client.close()


def case(folder: Path) -> dict[str, bytes]:
    """A case file as it may lie on a disk: path below the folder, and content."""
    files = {
        "claim.txt": b"The claimant says",
        "Letters/2026/March 3 Ωмега.txt": b"Dear colleague",
        "Letters/nothing": b"",
        'Letters/quo\'te "d".eml': b"From: a@example.com",
        "e\u0301tat.txt": b"a name in another normal form",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "a link").symlink_to("/etc/hostname")
    (folder / "a linked folder").symlink_to("/etc")
    return files


def test_a_folder_goes_in_and_comes_out_as_it_was(
    world: World, attorney: Desk, matter: dict[str, Any], reader: Person, tmp_path: Path
) -> None:
    source = tmp_path / "A case"
    source.mkdir()
    files = case(source)
    put = ("put", source, "--matter", matter["number"], "--class", "pleadings", "--folder", "From client")
    assert states(attorney.result(*put)) == ["sent"] * len(files)
    assert states(attorney.result(*put)) == ["skipped"] * len(files)
    (source / "claim.txt").write_bytes(b"The claimant says more")
    files["claim.txt"] = b"The claimant says more"
    assert states(attorney.result(*put)) == ["skipped"] * (len(files) - 1) + ["version"]
    listed = attorney.result("ls", matter["id"])["documents"]
    assert {row["folder"] for row in listed} == {
        "From client/A case",
        "From client/A case/Letters",
        "From client/A case/Letters/2026",
    }
    world.grant(reader, ["pleadings"])  # of another matter
    desk = Desk(world, tmp_path / "reader")
    status, shown = desk.login(reader, "--for", world.firm)
    assert status == 0, shown
    assert desk.run("get", matter["number"]).returncode == 1
    grant(world, reader, matter["id"])
    fetched = desk.result("get", matter["id"], "--to", "here")
    assert states(fetched) == ["fetched"] * len(files)
    assert states(desk.result("get", matter["id"], "--to", "here")) == ["skipped"] * len(files)
    root = desk.folder / "here" / "From client" / "A case"
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert sorted(found.values()) == sorted(files.values())
    assert found["Letters/2026/March 3 Ωмега.txt"] == b"Dear colleague"
    assert found["Letters/quo'te _d_.eml"] == b"From: a@example.com"
    only = desk.result("get", matter["id"], "From client/A case/Letters/2026", "--to", "there")
    assert states(only) == ["fetched"]


def test_a_firm_of_two_engagements_is_one_firm(world: World, reader: Person, tmp_path: Path) -> None:
    world["firm_admin"].client.call(
        "POST", "/v1/engagements", {"provider_id": world.provider, "services": [f"coding {uuid4()}"]}
    )
    desk = Desk(world, tmp_path / "reader")
    status, shown = desk.login(reader)
    assert (status, shown.count(world.firm)) == (0, 1), shown
    status, shown = desk.login(reader, "--for", world.firm)
    assert status == 0, shown


def grant(world: World, person: Person, matter: str) -> None:
    body = {
        "member_id": person.id,
        "engagement_id": world.engagement,
        "classes": ["pleadings"],
        "ends_at": "2030-01-01T00:00:00Z",
        "purpose": "Review",
    }
    world["attorney"].client.call("POST", f"/v1/matters/{matter}/grants", body)


def test_the_session_lies_where_only_oneself_can_read_it(attorney: Desk) -> None:
    (file,) = attorney.config.rglob("session.json")
    assert file.stat().st_mode & 0o777 == 0o600
    kept = json.loads(file.read_text())
    assert set(kept) == {"url", "ca", "refresh", "acting_for", "login"}
    assert attorney.run("logout").returncode == 0
    assert not file.exists()
    refused = attorney.run("ls")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "redwell: Nobody is signed in here; sign in with redwell login.\n"


def test_commands_at_the_same_time_share_one_session(attorney: Desk) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: attorney.run("ls", "--json"), range(4)))
    assert [answer.returncode for answer in answers] == [0] * 4, answers
    assert attorney.run("ls", "--json").returncode == 0


def test_a_session_that_was_ended_says_so(world: World, tmp_path: Path) -> None:
    person = invite(world.instance, world["firm_admin"], ["attorney"], "leaving")
    desk = Desk(world, tmp_path / "leaving")
    assert desk.login(person)[0] == 0
    world["firm_admin"].client.call("POST", f"/v1/members/{person.id}/suspend")
    refused = desk.run("ls")
    assert (refused.returncode, refused.stderr) == (
        1,
        "redwell: The session has ended; sign in with redwell login.\n",
    )
    person.client.close()


def test_what_is_not_there_or_refused_is_a_sentence(
    attorney: Desk, matter: dict[str, Any], tmp_path: Path
) -> None:
    for words in (("ls", "no such number"), ("get", matter["id"], "no such place"), ("get", "2026-none")):
        refused = attorney.run(*words)
        assert refused.returncode == 1
        assert refused.stderr.startswith("redwell: There is no")
        assert len(refused.stderr.splitlines()) == 1
    missing = attorney.run("put", tmp_path / "missing", "--matter", matter["id"], "--class", "pleadings")
    assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1)
    good = tmp_path / "good.txt"
    good.write_bytes(b"good")
    bad = tmp_path / "ba\u202ed.txt"
    bad.write_bytes(b"bad")
    both = attorney.run("put", good, bad, "--matter", matter["id"], "--class", "pleadings", "--json")
    assert both.returncode == 1
    assert [row["state"] for row in json.loads(both.stdout)["files"]] == ["sent", "failed"]


def test_wrong_factors_sign_nobody_in(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path / "wrong")
    answers = [("e-mail address: ", world["firm_staff"].email), ("password: ", "not the password")]
    command = ["login", "--password", "--url", world.instance.url, "--ca", str(world.instance.ca)]
    status, shown = typed([*REDWELL, *command], desk.environment, answers)
    assert (status, "sign-in-failed" in shown) == (1, True)
    assert "not the password" not in shown
    assert not list(desk.folder.rglob("session.json"))


@pytest.fixture
def large(world: World, tmp_path: Path) -> tuple[dict[str, Any], bytes]:
    """A document that takes a moment to come."""
    content = content_of("a large exhibit", 64 * MIB)
    return world.put(tmp_path, "large.bin", content), content


def test_a_fetch_goes_on_after_its_process_was_killed(
    world: World, attorney: Desk, large: tuple[dict[str, Any], bytes]
) -> None:
    document, content = large
    for attempt in range(TRIES):
        target = attorney.folder / str(attempt)
        if killed_while_fetching(attorney, world, target):
            break
    else:
        pytest.fail("it was always through before it could be killed")
    (partial,) = target.rglob(".redwell-*.part")
    came = partial.stat().st_size
    assert list(target.rglob("large.bin")) == []
    result = attorney.result("get", world.matter, "large.bin", "--to", target)
    assert states(result) == ["fetched"]
    assert (target / "large.bin").read_bytes() == content
    assert not partial.exists()
    (last,) = fetch_rows(
        world.instance,
        "SELECT convert_from(body, 'UTF8') AS body FROM events "
        "WHERE document_id::text = $1 AND type = 'document.fetched' ORDER BY id DESC LIMIT 1",
        document["id"],
    )
    assert json.loads(last["body"])["content"]["range"].startswith(f"{came}-")


def killed_while_fetching(desk: Desk, world: World, target: Path) -> bool:
    command = [*REDWELL, "get", world.matter, "large.bin", "--to", str(target), "--json"]
    with subprocess.Popen(
        command, env=desk.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            if any(part.stat().st_size > 0 for part in target.rglob(".redwell-*.part")):
                process.send_signal(signal.SIGKILL)
                break
            Event().wait(0.005)
    return process.returncode == -signal.SIGKILL and any(target.rglob(".redwell-*.part"))


def test_what_was_left_and_is_wrong_is_not_believed(world: World, attorney: Desk, tmp_path: Path) -> None:
    document = world.put(tmp_path, "small.bin", b"0123456789" * 1000)
    sha256 = document["version"]["sha256"]
    target = attorney.folder / "wrong"
    target.mkdir()
    partial = target / f".redwell-{document['id']}-{sha256[:16]}.part"
    partial.write_bytes(b"x" * 5000)
    refused = attorney.run("get", world.matter, "small.bin", "--to", target, "--json")
    assert refused.returncode == 1
    assert list(target.iterdir()) == []
    assert states(attorney.result("get", world.matter, "small.bin", "--to", target)) == ["fetched"]
    assert (target / "small.bin").read_bytes() == b"0123456789" * 1000


def test_what_is_here_is_not_replaced_unasked_and_nothing_is_hidden(
    world: World, attorney: Desk, tmp_path: Path
) -> None:
    matter = world["attorney"].client.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    (tmp_path / "authorized_keys").write_bytes(b"ssh-ed25519 AAAA")
    client = world["attorney"].client
    client.put(matter, tmp_path / "authorized_keys", "pleadings", ".ssh")
    (attorney.folder / "_ssh").mkdir()
    mine = attorney.folder / "_ssh" / "authorized_keys"
    mine.write_bytes(b"my own")
    refused = attorney.run("get", matter, "--json")
    assert refused.returncode == 1
    assert "--overwrite" in json.loads(refused.stdout)["files"][0]["problem"]
    assert (mine.read_bytes(), (attorney.folder / ".ssh").exists()) == (b"my own", False)
    assert states(attorney.result("get", matter, "--overwrite")) == ["fetched"]
    assert mine.read_bytes() == b"ssh-ed25519 AAAA"


def test_a_command_does_not_go_on_as_somebody_else(attorney: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(attorney.config))
    with signed_in() as person:
        (file,) = attorney.config.rglob("session.json")
        file.write_text(json.dumps({**json.loads(file.read_text()), "login": "another"}))
        fresh = SignedIn(person.client, "the first")
        with pytest.raises(NotSignedInError, match="anew"):
            fresh.renew()
