"""An instance of a test module's own, with a world in it: for tests that break things."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from services.kernel.scopes import Role, scopes_of
from tests.harness.edge import EdgeInstance
from tests.harness.folders import throwaway_folder
from tests.harness.instance import Instance
from tests.harness.people import Person, World, build_world, join

MIB = 1024 * 1024
LONG = 48 * MIB
"""More than the buffers of all sockets between a service and a client hold, a proxy's among them."""
SHAPES = {"embedded": Instance, "services": EdgeInstance}


def staged(shape: str, **settings: str) -> AbstractContextManager[World]:
    """A world in an instance of this shape, which must also stop well."""
    return _staged(shape, settings)


def measured(shape: str, **settings: str) -> AbstractContextManager[World]:
    """The same, for a folder of tests to share: coverage looks at it."""
    return _staged(shape, settings, measured=True)


@contextmanager
def _staged(shape: str, settings: dict[str, str], *, measured: bool = False) -> Iterator[World]:
    with throwaway_folder() as folder:
        instance = SHAPES[shape](folder, settings=settings, measured=measured)
        try:
            instance.start()
            world = build_world(instance, join(instance, instance.operator_code, "operator"))
            yield world
            world.close()
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


def content_of(name: str, size: int) -> bytes:
    """Bytes that look random and are the same every time."""
    return hashlib.shake_256(name.encode()).digest(size)


def new_upload(world: World, name: str, **declared: Any) -> tuple[str, str]:
    """A document of the attorney's without content: its id, and its upload's."""
    body = {"name": name, "folder": "", "class_id": "pleadings", **declared}
    made = world["attorney"].client.call("POST", f"/v1/matters/{world.matter}/documents", body)
    return made["document"]["id"], made["upload"]["id"]


def authorization(person: Person) -> dict[str, str]:
    assert person.client.tokens is not None
    return {"Authorization": f"Bearer {person.client.tokens.access}"}


def may(person: Person, world: World, scopes: tuple[str, ...]) -> bool:
    """Whether the person's roles give all of `scopes` in the organization that they act for."""
    acting = person in (world["paralegal"], world["ungranted"])
    given = scopes_of(frozenset(Role(role) for role in person.roles), acting_for_another=acting)
    return set(scopes) <= set(given)


def objects_on_disk(instance: Instance) -> dict[str, Path]:
    """Every sealed object, by its key; temporary files of writes that were cut off are not objects."""
    return {path.name: path for path in instance.objects.glob("?/?/*") if not path.name.startswith(".")}
