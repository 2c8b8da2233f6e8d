"""The token signing key gives way to the next beside a running instance: nobody is refused."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from services.auth.signing.errors import SigningRotationError
from services.auth.signing.rotation import PUBLISHED_BEFORE
from services.cli.doctor.rotation import examine_rotation
from services.cli.keys import rotation, signing
from services.keys.files import KeyDirectory, KeyFile
from services.keys.generations import Generations
from services.keys.signing import SigningKey
from tests.functional.auth.users import ASKED, Users, kid_of
from tests.harness.eventually import allowed, eventually
from tests.harness.instance import ROOT
from tests.harness.people import World, matter_body
from tests.harness.rows import change_of, events, received_bytes, rows
from tests.harness.stage import LONG, SHAPES, authorization, content_of, staged
from tests.harness.wire import Wire

EMBEDDED = pytest.mark.parametrize("own", ["embedded"], indirect=True)
"""What does not hang on the shape."""
KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from services.auth.signing import rotation, rows
rotation.PUBLISHED_BEFORE = timedelta(days=-9)
async def die(*_): os.kill(os.getpid(), signal.SIGKILL)
setattr(rows.SigningKeyRows, sys.argv[2], die)
from services.cli.keys import signing
signing.rotate(Path(sys.argv[1]), print)
"""


@pytest.fixture(scope="module", params=SHAPES)
def own(request: pytest.FixtureRequest) -> Iterator[World]:
    with staged(request.param) as built, pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("REDWELL_")]:
            patched.delenv(name)
        for name, value in getattr(built.instance, "environment", {}).items():
            patched.setenv(name, value)
        yield built


@pytest.fixture
def world(own: World) -> World:
    """With fresh factors, and new tokens of the key that signs now."""
    own.renew()
    for person in (own.operator, *own.people.values()):
        person.client.refresh()
    return own


def say_nothing(_sentence: str) -> None:
    """What the command tells is not looked at."""


def current(world: World) -> str:
    return KeyDirectory(world.instance.data / "keys").signing_key(KeyFile.TOKEN).kid


def published(world: World) -> list[str]:
    with world.instance.http() as http:
        return [key["kid"] for key in http.get("/oauth/keys").json()["keys"]]


def staged_files(world: World) -> list[str]:
    return Generations(KeyDirectory(world.instance.data / "keys"), KeyFile.TOKEN).staged()


def stage(world: World) -> None:
    signing.stage(world.instance.data, say_nothing, world.instance.clock.now)


def rotate(world: World, *, at_once: bool = False) -> None:
    signing.rotate(world.instance.data, say_nothing, world.instance.clock.now, at_once=at_once)


def stage_for_long(world: World) -> None:
    """Staged, and then the time went by in which every process learns of it."""
    stage(world)
    world.instance.clock.advance(PUBLISHED_BEFORE.total_seconds())


Tokens = dict[str, dict[str, str]]


def tokens(world: World) -> Tokens:
    """For each service, those of somebody whom it answers."""
    who = {"auth": "attorney", "docs": "attorney", "audit": "officer"}
    return {name: authorization(world[role]) for name, role in who.items()}


def new_tokens(world: World) -> Tokens:
    for role in ("attorney", "officer"):
        world[role].client.refresh()
    return tokens(world)


def statuses(world: World, shown: Tokens) -> set[int]:
    """What the services answer, each several times: there may be several workers."""
    with world.instance.http() as http:
        return {
            http.get(path, headers=shown[name]).status_code for name, path in ASKED.items() for _ in range(4)
        }


def test_it_gives_way_under_load_and_nobody_is_refused(world: World) -> None:
    users, old = Users(world), current(world)
    with users.at_work():
        users.see(old, 5)
        no_more(world)
        before = set(published(world))
        stage(world)
        (new,) = set(published(world)) - before
        users.see(old, 5)
        assert (current(world), new in users.seen) == (old, False)
        users.let_pass(PUBLISHED_BEFORE)
        with world.instance.http() as http:  # who asks for keys that nobody knows keeps no known one away
            stranger = {"Authorization": f"Bearer {SigningKey.generate().sign('at+jwt', {'iss': 'nobody'})}"}
            assert {http.get("/v1/me", headers=stranger).status_code for _ in range(8)} == {401}
        rotate(world)
        assert current(world) == new
        users.see(new, 15)
    assert users.failures == []
    assert set(published(world)) == before | {new}
    assert statuses(world, tokens(world)) == {200}  # of the old key, still
    with pytest.raises(SigningRotationError, match="--at-once"):
        signing.retire(world.instance.data, new, say_nothing, world.instance.clock.now)
    signing.retire(world.instance.data, old, say_nothing, world.instance.clock.now)
    assert statuses(world, tokens(world)) == {401}
    assert statuses(world, new_tokens(world)) == {200}
    assert old not in published(world)
    told = [
        (found["type"], change_of(found)["kid"])
        for found in rows(
            world.instance, "SELECT type, body FROM events WHERE type LIKE 'signing_key.%' ORDER BY at, id"
        )
    ]
    assert told[told.index(("signing_key.staged", new)) :] == [
        ("signing_key.staged", new),
        ("signing_key.activated", new),
        ("signing_key.retiring", old),
        ("signing_key.retired", old),
    ]


def test_a_leaked_key_opens_nothing_from_one_moment_to_the_next(world: World) -> None:
    attorney, leaked = world["attorney"], tokens(world)
    matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
    body = {"name": "running.bin", "folder": "", "class_id": "pleadings"}
    made = attorney.client.call("POST", f"/v1/matters/{matter}/documents", body)
    stage_for_long(world)
    with Wire(world.instance) as wire:
        wire.put(attorney, made["upload"]["id"], LONG)
        wire.send(content_of("running", LONG // 2))
        eventually(lambda: received_bytes(world.instance, made["upload"]["id"]))
        rotate(world, at_once=True)
        assert statuses(world, leaked) == {401}
        ended = eventually(lambda: _ended(world, made["document"]["id"]), allowed(2.5))
    assert ended == "token-key-retired"
    assert statuses(world, new_tokens(world)) == {200}
    assert kid_of(attorney) == current(world)


def _ended(world: World, document: str) -> str | None:
    found = [event for event in events(world.instance, document, "document.received") if event["reason"]]
    return str(found[0]["reason"]) if found else None


def no_more(world: World) -> None:
    """Nothing is staged, whatever another test has left."""
    for kid in staged_files(world):
        signing.retire(world.instance.data, kid, say_nothing, world.instance.clock.now)


@EMBEDDED
@pytest.mark.parametrize(
    ("prepare", "step"), [(no_more, "publish"), (stage_for_long, "activate")], ids=["made", "signing"]
)
def test_what_kill_9_leaves_works_and_can_be_ended(
    world: World, prepare: Callable[[World], None], step: str
) -> None:
    prepare(world)
    old = current(world)
    told = [sys.executable, "-c", KILLED, str(world.instance.data), step]
    assert subprocess.run(told, cwd=ROOT, check=False, timeout=60).returncode == -signal.SIGKILL
    assert statuses(world, tokens(world)) == {200}
    assert statuses(world, new_tokens(world)) == {200}
    stage_for_long(world)
    rotate(world)
    assert statuses(world, new_tokens(world)) == {200}
    assert kid_of(world["officer"]) == current(world) != old
    assert not staged_files(world)
    signing.retire(world.instance.data, old, say_nothing, world.instance.clock.now)


@EMBEDDED
def test_a_key_that_is_published_and_lies_elsewhere_is_named(world: World) -> None:
    no_more(world)
    stage(world)
    files = Generations(KeyDirectory(world.instance.data / "keys"), KeyFile.TOKEN)
    (kid,) = files.staged()
    files.discard(kid)
    with pytest.raises(SigningRotationError, match=kid):
        rotate(world)
    signing.retire(world.instance.data, kid, say_nothing, world.instance.clock.now)
    assert kid not in published(world)


@EMBEDDED
def test_status_and_doctor_tell_of_it(world: World) -> None:
    old = current(world)
    stage(world)
    found = rotation.status(world.instance.data)
    now = world.instance.clock.now()
    states = {key["kid"]: key["state"] for key in json.loads(rotation.document(found, now))["signing"]}
    assert (states[old], sorted(states.values()).count("staged")) == ("active", 1)
    assert f"signing key {old}: active" in rotation.text(found, now)
    told = "\n".join(each.text for each in examine_rotation(world.instance.data, now))
    assert "is not used yet" in told
    assert "open nothing" not in told


@EMBEDDED
def test_a_machine_with_a_copy_of_the_key_follows(world: World) -> None:
    """The folder of the first machine is put back as the second one's, where only the file was copied."""
    stage_for_long(world)
    folder = world.instance.data / "keys"
    (kid,) = staged_files(world)
    before = {name: (folder / name).read_bytes() for name in ("token.pem", f"token-{kid}.pem")}
    rotate(world)
    for name, content in before.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    assert current(world) != kid
    rotate(world)
    assert current(world) == kid
    assert not staged_files(world)
    assert statuses(world, new_tokens(world)) == {200}
