"""The default root moves from a file into KMS, in the shape of separate services."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from clients.python.redwell_client import ProblemError
from services.cli.keys import commands
from services.keys.files import KeyDirectory, KeyFile
from tests.harness.eventually import eventually
from tests.harness.kms import Kms, running_kms
from tests.harness.people import World, matter_body
from tests.harness.rows import rows
from tests.harness.stage import content_of, staged

ROOTS = "SELECT DISTINCT root FROM firm_keys"


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    with running_kms(tmp_path_factory.mktemp("kms")) as started:
        yield started


@pytest.fixture(scope="module")
def world(kms: Kms) -> Iterator[World]:
    with staged("services", **kms.settings()) as built:
        yield built


def keys(world: World, *words: str) -> Result:
    """`redwell keys …` beside the services, with what they are told."""
    ours = dict.fromkeys(name for name in os.environ if name.startswith("REDWELL_"))
    told = {**ours, **world.instance.settings}
    return CliRunner().invoke(commands.keys, [*words, f"--data={world.instance.data}"], env=told)


def fetched(world: World, document: str, folder: Path) -> bytes | None:
    """What is there; None while a process has not opened the key at its new place yet."""
    target = folder / "fetched"
    try:
        world["attorney"].client.fetch(document, target)
    except ProblemError as problem:
        if problem.slug != "firm-key-unavailable":
            raise
        return None
    found = target.read_bytes()
    target.unlink()
    return found


def test_the_root_goes_from_a_file_into_kms(world: World, kms: Kms, tmp_path: Path) -> None:
    instance, content = world.instance, content_of("kept", 70_000)
    document = world.put(tmp_path, "kept.bin", content)["id"]
    file = KeyDirectory(instance.data / "keys").secret(KeyFile.ROOT).name.id
    assert [found["root"] for found in rows(instance, ROOTS)] == [str(file)]

    root = kms.new_key()
    instance.settings["REDWELL_ROOT"] = root
    done = keys(world, "rotate", "--root")
    assert done.exit_code == 0, done.output
    assert [found["root"] for found in rows(instance, ROOTS)] == [root]
    eventually(lambda: fetched(world, document, tmp_path) == content)

    assert instance.stop() == 0
    instance.start()
    world.renew()
    eventually(lambda: fetched(world, document, tmp_path) == content)
    other = world["other_attorney"]
    other.client.call("POST", "/v1/matters", matter_body(other.id))
    assert {found["root"] for found in rows(instance, ROOTS)} == {root}

    kms.disable(root)
    try:
        shut = keys(world, "roots")
        assert (shut.exit_code, "disabled" in shut.stdout) == (1, True)
    finally:
        kms.enable(root)
    assert keys(world, "roots").exit_code == 0
