"""`redwell stores assign | show`."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from services.cli.keys.place import database_of, settings_of
from services.docs_api.stores.choosing import ChosenStore, StoreChoosing
from services.evidence.recorder import Recorder
from services.host.errors import HostError
from services.kernel.clock import system_clock
from services.keys.files import KeyDirectory, KeyFile
from services.storage.protocol import StoreError
from services.storage.stores import Stores, open_stores
from services.tables.roles import Role


def assign(data: Path | None, firm: UUID, store: str) -> str:
    """Choose a firm's store; what is to be said of it (raises HostError, KeysError, ValidationError)."""

    async def run() -> None:
        async with _choosing(data) as choosing:
            await choosing.choose(firm, store)

    asyncio.run(run())
    return f"New content of the firm {firm} lies in the store {store}; what there is stays where it is."


def show(data: Path | None, *, as_json: bool) -> tuple[str, bool]:
    """What there is to be said of stores and firms, and whether all stores may be used."""

    async def run() -> tuple[dict[str, str | None], list[ChosenStore]]:
        async with _choosing(data) as choosing:
            wrong = {name: await _why_not(choosing.stores, name) for name in choosing.stores.names}
            return wrong, await choosing.chosen()

    wrong, chosen = asyncio.run(run())
    return (_document if as_json else _text)(wrong, chosen), not any(wrong.values())


async def _why_not(stores: Stores, name: str) -> str | None:
    try:
        await (await stores.named(name)).check()
    except StoreError as failure:
        return str(failure)
    return None


@asynccontextmanager
async def _choosing(data: Path | None) -> AsyncIterator[StoreChoosing]:
    settings = settings_of(data)
    subjects = KeyDirectory(settings.keys).secret(KeyFile.SUBJECTS)
    recorder = Recorder(settings, Role.SWEEPER, subjects, system_clock)
    await recorder.open()
    try:
        async with (
            open_stores(settings, str(subjects.name.id)) as stores,
            database_of(settings) as connection,
        ):
            yield StoreChoosing(connection, recorder, stores)
    except StoreError as failure:
        raise HostError(str(failure)) from failure
    finally:
        await recorder.close()


def _document(wrong: Mapping[str, str | None], chosen: list[ChosenStore]) -> str:
    stores = [{"store": name, "usable": why is None, "why_not": why} for name, why in wrong.items()]
    firms = [
        {"firm": str(one.firm), "store": one.store, "changed_at": one.changed_at.isoformat()}
        for one in chosen
    ]
    return json.dumps({"stores": stores, "firms": firms}, indent=2)


def _text(wrong: Mapping[str, str | None], chosen: list[ChosenStore]) -> str:
    lines = [f"{name}: {why or 'may be used'}" for name, why in wrong.items()]
    return "\n".join([*lines, *(f"{one.firm}  {one.store}" for one in chosen)])
