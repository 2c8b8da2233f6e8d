"""A store that is full, read-only or gone: uploads are refused whole, everything else goes on."""

import contextlib
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from services.kernel.problems import PROBLEM_TYPE
from tests.harness.ledger import check_ledger
from tests.harness.outage import worker_pids
from tests.harness.parts import lack
from tests.harness.people import World
from tests.harness.rows import events, received_bytes, row, segments
from tests.harness.stage import MIB, content_of, new_upload, objects_on_disk, staged
from tests.harness.wire import Wire

SIZE = 20 * MIB
Failure = Callable[[World], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded") as built:
        yield built


@contextlib.contextmanager
def mounted(world: World, options: str) -> Iterator[Path]:
    """A file system of its own in place of the store's folder, with the same objects in it."""
    objects, aside = world.instance.objects, world.instance.folder / "mounted"
    aside.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(aside)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        lack("a file system of a test's own", "the right to mount (CAP_SYS_ADMIN)")
    try:
        shutil.copytree(objects, aside, dirs_exist_ok=True)
        subprocess.run(["mount", "--move", aside, objects], check=True)
        aside = objects
        yield objects
    finally:
        subprocess.run(["umount", "--lazy", aside], check=True)


@contextlib.contextmanager
def full(world: World) -> Iterator[None]:
    used = sum(path.stat().st_size for path in objects_on_disk(world.instance).values())
    with mounted(world, f"size={used + 12 * MIB}"):
        yield


@contextlib.contextmanager
def read_only(world: World) -> Iterator[None]:
    with mounted(world, "size=256m") as objects:
        subprocess.run(["mount", "-o", "remount,ro", objects], check=True)
        yield


@contextlib.contextmanager
def out_of_space_for_one_file(world: World) -> Iterator[None]:
    """The kernel refuses to let a file of the workers grow: their writes end in the middle."""
    pids = worker_pids(world.instance)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (5 * MIB, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def gone(world: World) -> Iterator[None]:
    objects = world.instance.objects
    aside = objects.rename(objects.with_name("objects.aside"))
    try:
        yield
    finally:
        aside.rename(objects)


def put(world: World, upload: str, content: bytes) -> tuple[int, dict[str, str]]:
    with Wire(world.instance) as wire:
        wire.put(world["attorney"], upload, len(content))
        with contextlib.suppress(ConnectionError):  # refused before all of it was sent
            wire.send(content)
        status, headers, _ = wire.head()
        return status, headers


@pytest.mark.parametrize("failure", [full, read_only, out_of_space_for_one_file, gone])
def test_an_upload_that_cannot_be_stored_is_refused_whole(
    world: World, tmp_path: Path, failure: Failure
) -> None:
    instance, content = world.instance, content_of("unstored", SIZE)
    small = world.put(tmp_path, "small.txt", b"small")["id"]
    document, upload = new_upload(world, "unstored.bin")
    before = len(segments(instance, small))
    with failure(world):
        status, headers = put(world, upload, content)
        assert (status, headers["content-type"]) == (503, PROBLEM_TYPE)
        assert int(headers["retry-after"]) > 0
        *_, last = events(instance, document, "document.received")
        assert (last["outcome"], last["reason"]) == ("failed", "store-unavailable")
        assert received_bytes(instance, upload) == 0
        assert segments(instance, document) == []
        states = row(instance, "SELECT state FROM versions WHERE document_id::text = $1", document)
        assert states["state"] == "receiving"
        assert list(instance.objects.glob("?/?/.incoming-*")) == []
        assert small in {shown["id"] for shown in world["attorney"].client.documents(world.matter)}
        if failure is not gone:
            world["attorney"].client.fetch(small, tmp_path / "small")
            assert (tmp_path / "small").read_bytes() == b"small"
    assert len(segments(instance, small)) == before
    assert put(world, upload, content)[0] == 200
    world["attorney"].client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    check_ledger(world, tmp_path)


def test_a_store_that_is_gone_is_not_damage(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "away.txt", b"away")["id"]
    with gone(world), Wire(world.instance) as wire:
        wire.get(world["attorney"], document)
        status, headers, body = wire.head()
        assert (status, headers["content-type"]) == (503, PROBLEM_TYPE)
        assert b"away" not in body
        assert world.instance.ready().status_code == 503
    assert events(world.instance, document, "document.integrity") == []
    assert len(objects_on_disk(world.instance)) > 0
    world["attorney"].client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"away"
