"""Clients of the tus protocol that we did not write, with their default settings, over lines that break."""

import contextlib
import os
import random
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.uploader.uploader import Uploader

from tests.harness.cutting import ADDRESS, bad_line
from tests.harness.eventually import eventually
from tests.harness.parts import lack, require_program
from tests.harness.people import World
from tests.harness.resumable import wait_until_verified
from tests.harness.rows import rows
from tests.harness.stage import MIB, SHAPES, authorization, content_of, staged

HERE = Path(__file__).parent
SIZE = 21 * MIB + 13
CUTS = 3


@pytest.fixture(scope="module", params=SHAPES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with staged(request.param) as built:
        yield built


@pytest.fixture(scope="module")
def tus_js(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tus-js-client in it, of exactly the version in the lock file."""
    npm = require_program("npm", "npm")
    require_program("node", "nodejs")
    folder = tmp_path_factory.mktemp("tus-js-client")
    for name in ("package.json", "package-lock.json", "send.js", "resolve.js"):
        (folder / name).write_bytes((HERE / name).read_bytes())
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        lack("tus-js-client", "a registry that npm reaches")
    return folder


def cuts_of(seed: str, count: int = CUTS) -> list[int]:
    """Where a line breaks: anywhere in the content that is left."""
    chance = random.Random(seed)  # noqa: S311 -- the same places every time
    return [chance.randrange(64 * 1024, SIZE // (count + 1)) for _ in range(count)]


def documents_named(world: World, name: str) -> list[str]:
    listed = world["attorney"].client.documents(world.matter)
    return [found["id"] for found in listed if found["name"] == name]


def check_arrived(world: World, name: str, content: bytes, folder: Path) -> None:
    """The upload is one document with exactly this content."""
    for found in rows(world.instance, "SELECT document_id FROM uploads WHERE state = 'verifying'"):
        wait_until_verified(world, str(found[0]))
    (document,) = documents_named(world, name)
    world["attorney"].client.fetch(document, folder / "back")
    assert (folder / "back").read_bytes() == content


def test_tuspy_goes_on_after_each_break_and_after_its_token(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.renew()
    content = content_of("tuspy", SIZE)
    (tmp_path / "content").write_bytes(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.instance.ca))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{ADDRESS}:{world.instance.port}")
    name = f"tuspy-{world.instance.shape}.bin"
    with (
        bad_line(world.instance.port, cuts_of("tuspy")) as line,
        (tmp_path / "content").open("rb") as stream,
    ):
        client = TusClient(
            f"{world.instance.url}/v1/matters/{world.matter}/tus", authorization(world["attorney"])
        )
        metadata = {"filename": name, "class": "pleadings"}
        url = interrupted(client.uploader(file_stream=stream, metadata=metadata))
        world.instance.clock.advance(11 * 60)
        while line.cuts_left:
            wait_until_free(world)
            assert interrupted(client.uploader(file_stream=stream, url=url)) == url
        assert 0 < client.uploader(file_stream=stream, url=url).offset < SIZE
        eventually(lambda: goes_through(world, client, stream, url), 60)
    world.renew()
    check_arrived(world, name, content, tmp_path)


def wait_until_free(world: World) -> None:
    """Return when the server has noticed that the line broke; tuspy by itself does not try again."""
    leased = "SELECT 1 FROM uploads WHERE lease_owner IS NOT NULL"
    eventually(lambda: not rows(world.instance, leased))


def goes_through(world: World, client: TusClient, stream: IO[bytes], url: str) -> bool:
    """Whether the rest arrives; it does not while the server still takes what an earlier request brought."""
    wait_until_free(world)
    with contextlib.suppress(TusCommunicationError, TusUploadFailed):
        client.uploader(file_stream=stream, url=url).upload()
        return True
    return False


def interrupted(uploader: Uploader) -> str:
    """Upload until the line breaks; where it goes on."""
    with pytest.raises((TusCommunicationError, TusUploadFailed)):
        uploader.upload()
    assert uploader.url is not None
    return str(uploader.url)


def test_tuspy_with_small_chunks(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.renew()
    content = content_of("small chunks", 3 * MIB + 1)
    (tmp_path / "content").write_bytes(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.instance.ca))
    name = f"chunks-{world.instance.shape}.bin"
    client = TusClient(
        f"{world.instance.url}/v1/matters/{world.matter}/tus", authorization(world["attorney"])
    )
    metadata = {"filename": name, "class": "pleadings"}
    with (tmp_path / "content").open("rb") as stream:
        client.uploader(file_stream=stream, chunk_size=256 * 1024, metadata=metadata).upload()
    check_arrived(world, name, content, tmp_path)


def test_tuspy_sends_a_new_version(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.renew()
    person, content = world["attorney"], content_of("a new version", 2 * MIB)
    document = world.put(tmp_path, "versions.bin", b"the first")["id"]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.instance.ca))
    client = TusClient(f"{world.instance.url}/v1/documents/{document}/tus", authorization(person))
    (tmp_path / "versions.bin").write_bytes(content)
    with (tmp_path / "versions.bin").open("rb") as stream:
        client.uploader(file_stream=stream, chunk_size=MIB, metadata={"filename": "versions.bin"}).upload()
    eventually(lambda: len(list(person.client.versions(document))) == 2)
    person.client.fetch(document, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content


def test_tus_js_client_goes_on_by_itself_several_at_once(world: World, tus_js: Path, tmp_path: Path) -> None:
    world.renew()
    names = [f"js-{number}-{world.instance.shape}.bin" for number in range(3)]
    with (
        bad_line(world.instance.port, cuts_of("tus-js-client", 5)) as line,
        ThreadPoolExecutor(len(names)) as pool,
    ):
        ended = list(pool.map(lambda name: send_by_js(world, tus_js, tmp_path, name), names))
        assert line.cuts_left == 0
    assert [(done.returncode, done.stderr) for done in ended] == [(0, "")] * len(names)
    for name in names:
        check_arrived(world, name, content_of(name, SIZE), tmp_path)


def send_by_js(world: World, tus_js: Path, folder: Path, name: str) -> "subprocess.CompletedProcess[str]":
    (folder / name).write_bytes(content_of(name, SIZE))
    endpoint = f"{world.instance.url}/v1/matters/{world.matter}/tus"
    token = authorization(world["attorney"])["Authorization"].removeprefix("Bearer ")
    return subprocess.run(
        ["node", "--require", "./resolve.js", "send.js", endpoint, token, str(folder / name), name],
        cwd=tus_js,
        env={
            "PATH": os.environ["PATH"],
            "NODE_EXTRA_CA_CERTS": str(world.instance.ca),
            "REDWELL_TEST_ADDRESS": ADDRESS,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
