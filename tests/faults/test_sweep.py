"""After the sweep: no object without a row, every object of a row, and no upload left open for ever."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.python.redwell_client import ProblemError
from services.storage.protocol import new_object_key
from tests.harness.eventually import eventually
from tests.harness.ledger import check_ledger
from tests.harness.people import World
from tests.harness.rows import events, received_bytes, rows, segments
from tests.harness.stage import MIB, content_of, new_upload, objects_on_disk, staged
from tests.harness.wire import Wire

LIFETIME_SECONDS, GRACE_SECONDS = 120, 60
SETTINGS = {
    "REDWELL_SWEEP_INTERVAL_SECONDS": "1",
    "REDWELL_UPLOAD_LIFETIME_SECONDS": str(LIFETIME_SECONDS),
    "REDWELL_ORPHAN_GRACE_SECONDS": str(GRACE_SECONDS),
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded", **SETTINGS) as built:
        yield built


def vanish_at(world: World, upload: str, sent_bytes: int) -> None:
    with Wire(world.instance) as wire:
        wire.put(world["attorney"], upload, 20 * MIB)
        wire.send(content_of("vanishing", sent_bytes))
        eventually(lambda: received_bytes(world.instance, upload))
        wire.reset()


def known_keys(world: World) -> set[str]:
    return {row[0] for row in rows(world.instance, "SELECT object_key FROM segments")}


# One test, because from the moment the clock is ahead of the disk's no upload of another could be safe.
def test_the_sweep_removes_what_nothing_points_at_and_nothing_else(world: World, tmp_path: Path) -> None:
    instance, attorney = world.instance, world["attorney"]
    contents = {f"kept-{size}": content_of(f"kept {size}", size) for size in (0, 5, 9 * MIB)}
    kept = {name: world.put(tmp_path, name, content)["id"] for name, content in contents.items()}
    document, upload = new_upload(world, "abandoned.bin")
    _, untouched = new_upload(world, "never-begun.bin")
    vanish_at(world, upload, 17 * MIB)
    eventually(lambda: len(events(instance, document, "document.received")) == 2 or None)
    strange = instance.objects / "0" / "0" / f"00{new_object_key()[2:]}"
    strange.write_bytes(b"nobody's")
    # Within the grace an object may be on its way to its row.
    with Wire(instance) as wire:
        wire.put(attorney, untouched, 9 * MIB)
        wire.send(content_of("slow", 9 * MIB - 1))
        eventually(lambda: received_bytes(instance, untouched))
        assert strange.exists()
        wire.reset()
    eventually(lambda: received_bytes(instance, untouched) == 0 or None)

    instance.clock.advance(LIFETIME_SECONDS + GRACE_SECONDS)
    eventually(lambda: set(objects_on_disk(instance)) == known_keys(world) or None)
    assert len(known_keys(world)) == 1 + 1 + 2
    view = eventually(lambda: _if_abandoned(world, upload))
    assert view["received_bytes"] == 0
    *_, last = events(instance, document, "document.received")
    assert (last["outcome"], last["reason"], last["actor_id"]) == ("failed", "expired", None)
    with Wire(instance) as wire:
        wire.put(attorney, upload, 1)
        assert wire.head()[0] == 409
    for name, content in contents.items():
        attorney.client.fetch(kept[name], tmp_path / "fetched")
        assert (tmp_path / "fetched").read_bytes() == content
    assert segments(instance, document) == []
    with pytest.raises(ProblemError, match="404 not-found"):
        attorney.client.fetch(document, tmp_path / "never")
    check_ledger(world, tmp_path)


def _if_abandoned(world: World, upload: str) -> dict[str, object] | None:
    view = world["attorney"].client.call("GET", f"/v1/uploads/{upload}")
    return view if view["state"] == "abandoned" else None
