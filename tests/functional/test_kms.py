"""A root key in KMS: what it opens, what it refuses, and how its answers are told apart."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from services.kernel.aws_credentials import Credentials
from services.kernel.root_settings import RootSettings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.kms.client import KmsClient
from services.keys.kms.options import KmsKey, KmsOptions
from services.keys.kms.root import KmsRoot, context_of
from services.keys.opening import open_roots
from services.keys.roots import Root, RootRefusedError, RootUnreachableError
from services.keys.wrapping import KeyName, UnwrapError, new_key
from tests.harness.kms import Kms, running_kms
from tests.harness.ports import free_port

FIRM = KeyName("firm", uuid4(), uuid4())


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    with running_kms(tmp_path_factory.mktemp("kms")) as started:
        yield started


def options(kms: Kms) -> KmsOptions:
    return KmsOptions(kms.endpoint, Credentials("id", "secret"), None, 5, 30, 1)


def root(kms: Kms, root_id: str) -> Root:
    return KmsRoot(KmsKey.parse(root_id), KmsClient(options(kms)))


async def test_a_key_opens_under_its_own_name_alone(kms: Kms) -> None:
    key, under = new_key(), root(kms, kms.new_key())
    sealed = await under.seal(key, FIRM)
    assert await under.open(sealed, FIRM) == key
    others = (replace(FIRM, id=uuid4()), replace(FIRM, tenant=uuid4()), replace(FIRM, tenant=None))
    for name in (*others, replace(FIRM, kind="canary")):
        with pytest.raises(UnwrapError):
            await under.open(sealed, name)


async def test_an_altered_key_does_not_open(kms: Kms) -> None:
    under = root(kms, kms.new_key())
    sealed = await under.seal(new_key(), FIRM)
    for altered in (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"\x01" + sealed[1:], sealed[:40], b""):
        with pytest.raises((UnwrapError, RootRefusedError)):
            await under.open(altered, FIRM)


async def test_another_root_does_not_open_it(kms: Kms) -> None:
    sealed = await root(kms, kms.new_key()).seal(new_key(), FIRM)
    with pytest.raises((UnwrapError, RootRefusedError)):
        await root(kms, kms.new_key()).open(sealed, FIRM)


async def test_what_a_key_is_used_for_is_named_to_kms() -> None:
    assert context_of(FIRM) == {
        "redwell": "wrap/v2",
        "kind": "firm",
        "key": str(FIRM.id),
        "tenant": str(FIRM.tenant),
    }


async def test_refusals_are_told_apart(kms: Kms) -> None:
    disabled, denied, deleted = (kms.new_key() for _ in range(3))
    sealed = {key: await root(kms, key).seal(new_key(), FIRM) for key in (disabled, denied, deleted)}
    kms.disable(disabled)
    kms.deny(denied)
    kms.delete(deleted)
    missing = f"{disabled[:-4]}0000"
    sealed[missing] = sealed[disabled]
    told = {}
    for key, wrapped in sealed.items():
        with pytest.raises(RootRefusedError) as refused:
            await root(kms, key).open(wrapped, FIRM)
        told[key] = refused.value.why
    assert told == {disabled: "disabled", denied: "denied", deleted: "disabled", missing: "missing"}


async def test_a_server_that_is_not_there_refuses_nothing(kms: Kms) -> None:
    key = kms.new_key()
    elsewhere = replace(options(kms), endpoint=f"http://127.0.0.1:{free_port()}")
    unreached = KmsRoot(KmsKey.parse(key), KmsClient(elsewhere))
    with pytest.raises(RootUnreachableError):
        await unreached.seal(new_key(), FIRM)


async def test_a_key_that_stands_still_holds_up_no_other(kms: Kms) -> None:
    still, other = kms.new_key(), kms.new_key()
    client = KmsClient(options(kms))
    one, two = (KmsRoot(KmsKey.parse(key), client) for key in (still, other))
    sealed = await one.seal(new_key(), FIRM)
    with kms.standing_still(still):
        waiting = [asyncio.create_task(one.open(sealed, FIRM)) for _ in range(20)]
        key = new_key()
        assert await two.open(await two.seal(key, FIRM), FIRM) == key
        assert not any(task.done() for task in waiting)
    assert len({key.material for key in await asyncio.gather(*waiting)}) == 1


async def test_the_settings_name_the_roots(kms: Kms, tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    keys.ensure(KeyFile.ROOT)
    default = kms.new_key()
    told = {name.removeprefix("REDWELL_").lower(): value for name, value in kms.settings().items()}
    roots = open_roots(RootSettings.model_validate(told | {"root": default}), keys)
    assert roots.default.id == default
    firm, key = KeyName("firm", uuid4(), uuid4()), new_key()
    assert await roots.default.open(await roots.default.seal(key, firm), firm) == key
    assert roots.named(str(keys.secret(KeyFile.ROOT).name.id)).id != default
