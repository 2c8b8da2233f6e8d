"""`redwell put` and `get`, killed, cut off or stopped: the same command goes on, and mixes nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.harness.cutting import bad_line
from tests.harness.desk import Desk, Terminal, states
from tests.harness.eventually import eventually
from tests.harness.outage import kill_workers
from tests.harness.people import World, invite, matter_body
from tests.harness.rows import change_of, events, rows
from tests.harness.stage import MIB, content_of, staged
from tests.harness.volume import volume

SIZE = 24 * MIB
FIRST = 8 * MIB
"""What a command sends in its first piece."""
HELD = 10 * MIB
"""Where the line stalls: the first piece is there, and the second is under way."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded") as built:
        yield built


@pytest.fixture(scope="module")
def signed_in(world: World, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(world, tmp_path_factory.mktemp("desk") / "attorney")
    status, shown = desk.login(world["attorney"])
    assert status == 0, shown
    return desk


@pytest.fixture
def desk(signed_in: Desk) -> Desk:
    signed_in.over_the_line = False
    return signed_in


@pytest.fixture
def matter(world: World) -> str:
    return str(world["attorney"].client.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"])


def put(path: Path, matter: str, *words: object) -> tuple[object, ...]:
    return ("put", path, "--matter", matter, "--class", "pleadings", *words)


def offsets(world: World, document: str) -> list[int]:
    """Where each request that brought content of a document in pieces began."""
    told = [change_of(event) for event in events(world.instance, document, "document.received")]
    return [change["offset"] for change in told if "offset" in change]


def uploads_of(world: World, matter: str) -> list[dict[str, Any]]:
    found = rows(
        world.instance,
        "SELECT document_id, received_bytes, state FROM uploads WHERE matter_id = $1 ORDER BY id",
        UUID(matter),
    )
    return [dict(row) for row in found]


def kept(desk: Desk) -> dict[str, Any]:
    """The uploads that the commands go on with."""
    (file,) = desk.config.rglob("uploads.json")
    assert file.stat().st_mode & 0o777 == 0o600
    found: dict[str, Any] = json.loads(file.read_text())["uploads"]
    return found


def content_there(world: World, document: str, folder: Path) -> bytes:
    world.renew()
    world["attorney"].client.fetch(document, folder / document)
    return (folder / document).read_bytes()


def test_a_killed_put_of_several_goes_on_after_its_token_ended(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    case.mkdir()
    for name in ("a", "b"):
        (case / name).write_bytes(content_of(name, SIZE))
    desk.over_the_line = True
    with bad_line(world.instance.port, holds_after=HELD) as line:
        with desk.started(*put(case, matter, "--parallel", 2)) as process:
            eventually(lambda: line.held == 2)
            process.kill()
        line.close()
    came = {str(upload["document_id"]): upload["received_bytes"] for upload in uploads_of(world, matter)}
    requests = {document: len(offsets(world, document)) for document in came}
    assert (len(kept(desk)), FIRST in came.values()) == (2, True)
    world.instance.clock.advance(11 * 60)
    desk.over_the_line = False
    result = desk.result(*put(case, matter))
    assert {row["document_id"]: row["state"] for row in result["files"]} == dict.fromkeys(came, "sent")
    for sent in result["files"]:
        document = sent["document_id"]
        assert offsets(world, document)[requests[document]] == came[document]
        content = content_of(Path(sent["path"]).name, SIZE)
        assert content_there(world, document, tmp_path) == content
    assert kept(desk) == {}
    assert states(desk.result(*put(case, matter))) == ["skipped"] * 2


def test_a_killed_put_of_a_new_version_goes_on(world: World, desk: Desk, matter: str, tmp_path: Path) -> None:
    file, content = tmp_path / "a.bin", content_of("new version", SIZE)
    file.write_bytes(b"the first")
    document = desk.result(*put(file, matter))["files"][0]["document_id"]
    file.write_bytes(content)
    desk.over_the_line = True
    with bad_line(world.instance.port, holds_after=HELD) as line:
        with desk.started(*put(file, matter)) as process:
            eventually(lambda: line.held and uploads_of(world, matter)[-1]["received_bytes"] == FIRST)
            process.kill()
        line.close()
    before, desk.over_the_line = len(offsets(world, document)), False
    (sent,) = desk.result(*put(file, matter))["files"]
    told = (sent["state"], sent["document_id"], offsets(world, document)[before])
    assert told == ("version", document, FIRST)
    assert content_there(world, document, tmp_path) == content
    assert ([upload["state"] for upload in uploads_of(world, matter)], kept(desk)) == (["complete"] * 2, {})


def test_one_put_goes_on_through_a_line_that_breaks(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    (tmp_path / "a.bin").write_bytes(content_of("breaking", SIZE))
    desk.over_the_line = True
    with bad_line(world.instance.port, [5 * MIB, 9 * MIB]) as line:
        (sent,) = desk.result(*put(tmp_path / "a.bin", matter))["files"]
        assert line.cuts_left == 0
    assert content_there(world, sent["document_id"], tmp_path) == content_of("breaking", SIZE)
    assert [upload["state"] for upload in uploads_of(world, matter)] == ["complete"]


def test_a_server_that_starts_anew_and_a_token_that_ended_do_not_stop_a_put(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    (tmp_path / "a.bin").write_bytes(content_of("token", SIZE))
    desk.over_the_line = True
    with (
        bad_line(world.instance.port, holds_after=HELD) as line,
        desk.started(*put(tmp_path / "a.bin", matter, "--json")) as process,
    ):
        eventually(lambda: line.held)
        kill_workers(world.instance)
        world.instance.clock.advance(11 * 60)
        line.let_go(broken=True)
        told, wrong = process.communicate(timeout=120)
    assert process.returncode == 0, told + wrong
    (sent,) = json.loads(told)["files"]
    assert content_there(world, sent["document_id"], tmp_path) == content_of("token", SIZE)


def test_ctrl_c_says_that_it_goes_on_and_other_content_begins_anew(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(content_of("before", SIZE))
    desk.over_the_line = True
    with bad_line(world.instance.port, holds_after=HELD) as line:
        terminal = Terminal(desk.command(*put(file, matter)), desk.environment)
        eventually(lambda: line.held)
        eventually(lambda: re.search(r"[0-9.]+ [kMG]?B/s +[0-9]+:[0-9]{2}:[0-9]{2}", terminal.read))
        terminal.type("\x03")
        status = terminal.wait()
    assert status == 130
    assert "Stopped; the same command goes on from here." in terminal.shown
    (entry,) = kept(desk).values()
    file.write_bytes(content_of("after", SIZE))
    desk.over_the_line = False
    (sent,) = desk.result(*put(file, matter))["files"]
    assert content_there(world, sent["document_id"], tmp_path) == content_of("after", SIZE)
    assert offsets(world, sent["document_id"])[0] == 0
    before, after = uploads_of(world, matter)
    assert (before["state"], after["state"]) == ("abandoned", "complete")
    assert str(after["document_id"]) == sent["document_id"]
    assert entry not in kept(desk).values()


def test_a_server_that_goes_is_a_sentence_and_what_came_stays(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    (tmp_path / "a.bin").write_bytes(content_of("gone", SIZE))
    (tmp_path / "b.bin").write_bytes(b"small")
    desk.over_the_line = True
    with bad_line(world.instance.port, holds_after=HELD) as line:
        command = put(
            tmp_path / "b.bin", matter, tmp_path / "a.bin", "--parallel", 1, "--patience", 1, "--json"
        )
        with desk.started(*command) as process:
            eventually(lambda: line.held)
            line.close()
            told, wrong = process.communicate(timeout=120)
    result = json.loads(told)
    assert (process.returncode, wrong, states(result)) == (1, "", ["left", "sent"])
    assert re.fullmatch(
        r"Redwell cannot be reached \(.+\); the same command goes on from here\.", result["stopped"]
    )
    desk.over_the_line = False
    again = desk.result(*put(tmp_path / "a.bin", matter, tmp_path / "b.bin"))
    assert states(again) == ["sent", "skipped"]
    assert content_there(world, again["files"][0]["document_id"], tmp_path) == content_of("gone", SIZE)


def test_a_session_that_ends_in_the_middle_is_a_sentence(world: World, matter: str, tmp_path: Path) -> None:
    person = invite(world.instance, world["firm_admin"], ["attorney"], "leaving")
    world["attorney"].client.call("PUT", f"/v1/matters/{matter}/people/{person.id}")
    desk = Desk(world, tmp_path / "leaving")
    assert desk.login(person)[0] == 0
    world.renew()
    (tmp_path / "a.bin").write_bytes(content_of("ended", SIZE))
    desk.over_the_line = True
    with (
        bad_line(world.instance.port, holds_after=HELD) as line,
        desk.started(*put(tmp_path / "a.bin", matter)) as process,
    ):
        eventually(lambda: line.held)
        world["firm_admin"].client.call("POST", f"/v1/members/{person.id}/suspend")
        line.let_go()
        _, wrong = process.communicate(timeout=120)
    assert (process.returncode, len(wrong.splitlines())) == (1, 1)
    assert wrong.startswith("redwell: The session has ended; sign in with redwell login.")
    person.client.close()


def test_a_get_of_several_goes_on_after_breaks_and_after_its_server_went(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    client = world["attorney"].client
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(content_of(name, 24 * MIB))
        client.put(matter, tmp_path / name, "pleadings")
    target = tmp_path / "here"
    desk.over_the_line = True
    with (
        bad_line(world.instance.port, [3 * MIB, 4 * MIB], HELD) as line,
        desk.started("get", matter, "--to", target, "--patience", 1, "--json") as process,
    ):
        eventually(lambda: line.held == 2)
        assert line.cuts_left == 0
        line.close()
        told, wrong = process.communicate(timeout=120)
    result = json.loads(told)
    assert (process.returncode, wrong) == (1, "")
    assert "cannot be reached" in result["stopped"]
    assert [path.suffix for path in target.iterdir()] == [".part"] * 2
    came = {path.stat().st_size for path in target.iterdir()}
    desk.over_the_line = False
    fetched = desk.result("get", matter, "--to", target)
    assert states(fetched) == ["fetched"] * 2
    for name in ("a.bin", "b.bin"):
        assert (target / name).read_bytes() == content_of(name, 24 * MIB)
    assert len(list(target.iterdir())) == 2
    begun = set()
    for row in fetched["files"]:
        *_, last = events(world.instance, row["document_id"], "document.fetched")
        begun.add(int(json.loads(last["body"])["content"]["range"].partition("-")[0]))
    assert begun == came


def test_a_token_that_ended_does_not_stop_a_get(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    (tmp_path / "a.bin").write_bytes(content_of("a get", 24 * MIB))
    world["attorney"].client.put(matter, tmp_path / "a.bin", "pleadings")
    desk.over_the_line = True
    with (
        bad_line(world.instance.port, holds_after=HELD) as line,
        desk.started("get", matter, "--to", tmp_path / "here", "--json") as process,
    ):
        eventually(lambda: line.held)
        world.instance.clock.advance(11 * 60)
        line.let_go(broken=True)
        told, wrong = process.communicate(timeout=120)
    assert process.returncode == 0, told + wrong
    assert (tmp_path / "here" / "a.bin").read_bytes() == content_of("a get", 24 * MIB)


def test_a_get_onto_a_full_disk_is_a_sentence_and_leaves_nothing(
    world: World, desk: Desk, matter: str, tmp_path: Path
) -> None:
    (tmp_path / "a.bin").write_bytes(content_of("full", 4 * MIB))
    world["attorney"].client.put(matter, tmp_path / "a.bin", "pleadings")
    with volume(tmp_path / "target", "2m") as target:
        refused = desk.run("get", matter, "--to", target, "--json")
        (failed,) = json.loads(refused.stdout)["files"]
        assert (refused.returncode, refused.stderr) == (1, "")
        assert failed["problem"] == f"{target / 'a.bin'} cannot be written: No space left on device"
        assert list(target.iterdir()) == []
