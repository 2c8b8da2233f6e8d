"""What every verb of the vault works with, made once in the lifespan and kept in `app.state.vault`."""

from dataclasses import dataclass

from fastapi import Request

from services.docs_api.keychain import Keychain
from services.evidence.recorder import Recorder
from services.kernel.database import Database
from services.kernel.settings import Settings
from services.storage.protocol import ObjectStore


@dataclass(frozen=True, slots=True)
class Vault:
    settings: Settings
    database: Database
    recorder: Recorder
    store: ObjectStore
    keychain: Keychain


def vault_of(request: Request) -> Vault:
    vault = request.app.state.vault
    assert isinstance(vault, Vault)
    return vault
