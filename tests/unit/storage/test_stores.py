"""Several stores: what rows name objects by, and what becomes of a store that cannot be used."""

from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.kernel.store_settings import StoresSettings
from services.storage.protocol import ObjectMissingError, StoreShutError, StoreUnfitError, new_object_key
from services.storage.stores import Stores, address_of, open_stores, owner_of

OWNER = str(uuid4())


def settings(folder: Path, **stores: Path) -> StoresSettings:
    named = {name: {"objects": str(path)} for name, path in stores.items()}
    return StoresSettings.model_validate({"objects": folder / "default", "stores": named})


async def test_an_object_lies_in_the_store_that_its_address_names(tmp_path: Path) -> None:
    key = new_object_key()
    async with open_stores(settings(tmp_path, cellar=tmp_path / "cellar"), OWNER) as stores:
        assert stores.names == ("default", "cellar")
        for name in stores.names:
            await stores.put(address_of(name, key), name.encode())
        for name in stores.names:
            assert await (await stores.named(name)).get(key) == name.encode()
            assert await stores.get(address_of(name, key)) == name.encode()
            assert await stores.size(address_of(name, key)) == len(name)
        await stores.delete(address_of("cellar", key))
        with pytest.raises(ObjectMissingError):
            await stores.get(address_of("cellar", key))
        assert await stores.get(key) == b"default"


async def test_a_store_that_is_not_there_shuts_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    async with open_stores(settings(tmp_path, cellar=tmp_path / "file" / "cellar"), OWNER) as stores:
        assert stores.failures == {}
        await stores.try_all()
        assert list(stores.failures) == ["cellar"]
        for name, said in {"cellar": "The store cellar", "attic": "There is no store attic"}.items():
            with pytest.raises(StoreShutError, match=said):
                await stores.get(address_of(name, new_object_key()))
        await stores.put(new_object_key(), b"elsewhere")


async def test_one_place_is_never_two_stores(tmp_path: Path) -> None:
    """Else the sweep of one would take the objects of the other for orphans."""
    async with open_stores(settings(tmp_path, cellar=tmp_path / "default"), OWNER) as stores:
        with pytest.raises(StoreShutError, match="belongs to another"):
            await stores.named("cellar")
    async with open_stores(settings(tmp_path, cellar=tmp_path / "one"), OWNER) as stores:
        await stores.named("cellar")
    with pytest.raises(StoreUnfitError, match="belongs to another"):
        await _open_default(tmp_path / "one")
    assert owner_of(OWNER, "cellar") != owner_of(OWNER, "attic") != OWNER == owner_of(OWNER, "default")


async def _open_default(folder: Path) -> Stores:
    async with open_stores(StoresSettings(objects=folder), OWNER) as stores:
        return stores


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("[", "must be a JSON object"),
        ('{"default": {"objects": "/o"}}', "cannot name a store default"),
        ('{"EU": {"objects": "/o"}}', "should match pattern"),
        ('{"eu": {"objects": "o"}}', "absolute path"),
        ('{"eu": {}}', "absolute path"),
        ('{"eu": {"objects": "/o", "bucket": "b"}}', "not permitted"),
        ('{"eu": {"store": "s3", "s3_bucket": "case-files"}}', "must name the region"),
        (
            '{"eu": {"objects": "/o", "s3_access_key_id": "k", "s3_secret_access_key": "s"}}',
            "s3_credentials",
        ),
    ],
)
def test_what_is_not_told_well_is_refused(told: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        StoresSettings.model_validate({"objects": "/objects", "stores": told})
    assert StoresSettings.model_validate({"objects": "/objects", "stores": ""}).stores == {}
