"""The disk of the database is full: requests are answered 503, nothing is half-written, and it recovers."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import Instance
from tests.harness.parts import lack
from tests.harness.people import World, build_world, join, matter_body
from tests.harness.stage import MIB, authorization

VOLUME = "size=256m,mode=0711"
REQUESTS = 400


@contextlib.contextmanager
def volume(place: Path) -> Iterator[None]:
    """A small file system of its own."""
    place.mkdir(parents=True)
    place.parent.chmod(0o711)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", VOLUME, "tmpfs", place], capture_output=True, check=False
    )
    if done.returncode != 0:
        lack("a file system of a test's own", "nothing, but run as root with the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def own() -> Iterator[World]:
    with throwaway_folder() as folder, volume(folder / "data" / "postgres"):
        instance = Instance(folder, workers=1).start()
        try:
            world = build_world(instance, join(instance, instance.operator_code, "operator"))
            yield world
            world.close()
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


def fill(place: Path) -> Path:
    """Take all the room that is left."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as opened, contextlib.suppress(OSError):
        while True:
            opened.write(os.urandom(MIB))
    with ballast.open("ab", buffering=0) as opened, contextlib.suppress(OSError):
        while True:
            opened.write(bytes(4096))
    return ballast


def test_requests_are_refused_while_it_is_full_and_go_on_afterwards(own: World) -> None:
    attorney = own["attorney"]
    headers = authorization(attorney)
    made, statuses = set(), set()
    with own.instance.http() as http:

        def make() -> int:
            answer = http.post("/v1/matters", json=matter_body(attorney.id), headers=headers)
            statuses.add(answer.status_code)
            if answer.status_code == 201:
                made.add(answer.json()["id"])
            else:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"]
            return answer.status_code

        assert make() == 201
        ballast = fill(own.instance.data / "postgres")
        assert any(make() == 503 for _ in range(REQUESTS))
        assert statuses <= {201, 503}
        ballast.unlink()
        eventually(lambda: make() == 201, 60)
        assert statuses <= {201, 503}
    listed = {row["id"] for row in attorney.client.pages("/v1/matters")}
    assert listed == made | {own.matter}
