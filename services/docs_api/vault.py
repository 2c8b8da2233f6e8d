"""What every verb of the vault works with, made once in the lifespan and kept in `app.state.vault`."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request

from services.docs_api.keychain import Keychain
from services.docs_api.scanning.clamd import Scanner
from services.docs_api.transfers.alarm import Alarm
from services.docs_api.transfers.slots import Slots
from services.evidence.recorder import Recorder
from services.kernel.batches import Batches
from services.kernel.database import Database
from services.kernel.settings import Settings
from services.storage.stores import Stores

if TYPE_CHECKING:  # what they judge by stands on the vault
    from services.docs_api.transfers.admissions import Asked, Outcome

OPENED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Vault:
    settings: Settings
    database: Database
    recorder: Recorder
    stores: Stores
    keychain: Keychain
    slots: Slots
    alarm: Alarm
    admissions: "Batches[Asked, Outcome]"
    opening: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OPENED_AT_ONCE))
    """An opening holds a segment twice, sealed and open; so only a few do at once."""
    received: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an upload waits to be verified or scanned."""
    scanner: Scanner | None = None


def vault_of(request: Request) -> Vault:
    vault = request.app.state.vault
    assert isinstance(vault, Vault)
    return vault
