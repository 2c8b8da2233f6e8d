"""The whole product behind nginx: content on its way up or down never lies in a file of the proxy."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.host.edge import FOLDERS
from tests.harness.edge import EdgeInstance
from tests.harness.people import World
from tests.harness.stage import MIB, authorization, new_upload, staged

PIECES = 64


@pytest.fixture(scope="module")
def own() -> Iterator[World]:
    with staged("services") as world:
        yield world


def spooled(world: World) -> list[Path]:
    """Files in nginx's temporary folders; and those it holds open though their names are gone."""
    assert isinstance(world.instance, EdgeInstance)
    run = world.instance.run
    named = [path for name in FOLDERS for path in (run / name).rglob("*") if path.is_file()]
    master = world.instance.processes["nginx"].pid
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    held = [
        link.readlink() for pid in workers for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()
    ]
    return named + [path for path in held if any(path.is_relative_to(run / name) for name in FOLDERS)]


def test_an_upload_and_a_download_leave_nothing_in_the_proxys_folders(own: World) -> None:
    digest, length = hashlib.sha256(), 0
    document, upload = new_upload(own, "spooled.bin", length_bytes=PIECES * MIB)
    headers = authorization(own["attorney"])

    def content() -> Iterator[bytes]:
        for number in range(PIECES):
            assert not spooled(own)
            piece = hashlib.shake_256(str(number).encode()).digest(1024) * 1024
            digest.update(piece)
            yield piece

    sending = {"Content-Type": "application/octet-stream", "Content-Length": str(PIECES * MIB)}
    with own.instance.http() as http:
        sent = http.put(f"/v1/uploads/{upload}/content", headers=headers | sending, content=content())
        assert sent.status_code == 200, sent.text
        got = hashlib.sha256()
        with http.stream("GET", f"/v1/documents/{document}/content", headers=headers) as answer:
            for piece in answer.iter_bytes(MIB):
                assert not spooled(own)
                got.update(piece)
                length += len(piece)
    assert (length, got.hexdigest()) == (PIECES * MIB, digest.hexdigest())
    assert not spooled(own)
