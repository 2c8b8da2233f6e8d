"""The vault: what people may hold. Engagements, matters, grants, documents, and content in motion."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import Depends

from services.docs_api.access_requests.routes import router as access_requests
from services.docs_api.agreements.routes import router as agreements
from services.docs_api.archives.routes import router as archives
from services.docs_api.arrivals.worker import work_until
from services.docs_api.changes.routes import router as changes
from services.docs_api.classes.routes import router as classes
from services.docs_api.consents.routes import router as consents
from services.docs_api.documents.routes import router as documents
from services.docs_api.engagements.routes import router as engagements
from services.docs_api.exits.routes import router as exits
from services.docs_api.grants.routes import router as grants
from services.docs_api.holds.routes import router as holds
from services.docs_api.inbox.routes import router as inbox
from services.docs_api.keychain import Keychain
from services.docs_api.matters.routes import router as matters
from services.docs_api.people.routes import router as people
from services.docs_api.quarantine.routes import router as quarantine
from services.docs_api.quotas.routes import router as quotas
from services.docs_api.refused import refused_subject
from services.docs_api.roots.starting import try_roots
from services.docs_api.roots.unlocking import FirmKeys, unlock_acting_firm
from services.docs_api.scanning.clamd import scanner_of
from services.docs_api.stalled.routes import router as stalled
from services.docs_api.sweep.sweeper import sweep_until, try_root_key
from services.docs_api.transfers.admissions import Ground, admissions
from services.docs_api.transfers.alarm import Alarm
from services.docs_api.transfers.routes import router as transfers
from services.docs_api.transfers.slots import Slots
from services.docs_api.transfers.watch import end_all
from services.docs_api.tus.routes import router as tus
from services.docs_api.uploads.routes import router as uploads
from services.docs_api.vault import Vault
from services.evidence.service import ServiceApp, ServiceDefinition
from services.kernel.clock import Clock, system_clock
from services.kernel.database import UNREACHABLE
from services.kernel.settings import Settings
from services.keys.files import KeyFile
from services.keys.opening import open_roots
from services.keys.wrapping import UnwrapError
from services.storage.protocol import StoreError
from services.storage.stores import open_stores
from services.tables.roles import Role

_POOL_SIZE = 5


def create_app(settings: Settings, clock: Clock = system_clock) -> ServiceApp:
    routers = (
        engagements,
        agreements,
        consents,
        classes,
        matters,
        people,
        grants,
        access_requests,
        documents,
        uploads,
        transfers,
        archives,
        tus,
        changes,
        inbox,
        holds,
        quarantine,
        stalled,
        quotas,
        exits,
    )
    before = (Depends(unlock_acting_firm),) if settings.kms_is_told else ()
    definition = ServiceDefinition(
        "docs", Role.DOCS, _POOL_SIZE, routers, _vault_open, refused_subject, before
    )
    return ServiceApp(definition, settings, clock)


@asynccontextmanager
async def _vault_open(app: ServiceApp) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    # The key of this deployment that is never replaced names it to the store.
    owner = str(app.state.keys.secret(KeyFile.SUBJECTS).name.id)
    slots = Slots(settings.transfers_per_session, settings.transfers_per_process)
    alarm = Alarm(settings)
    roots = open_roots(settings, app.state.keys)
    keychain = Keychain(roots, settings.root_trust_seconds, closed=alarm.ring)
    app.state.firm_keys = FirmKeys(app.state.database, keychain, app.state.recorder.clock)
    async with open_stores(settings, owner) as stores:
        vault = Vault(
            settings,
            app.state.database,
            app.state.recorder,
            stores,
            keychain,
            slots,
            alarm,
            admissions(Ground(app.state.database, app.state.recorder, keychain)),
            scanner=scanner_of(settings),
        )
        app.state.vault = vault
        stop = asyncio.Event()
        work = [sweep_until(stop, vault), work_until(stop, vault), alarm.listen()]
        if roots.reaches_elsewhere:
            work.append(keychain.opened.keep())
        work += [try_roots(vault), stores.try_all()]
        working = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            stop.set()
            await end_all(working)


async def check(app: ServiceApp) -> str | None:
    """What is missing for the vault to work, in a sentence; None if nothing is."""
    vault: Vault = app.state.vault
    try:
        await vault.stores.default.check()
        await try_root_key(vault)
    except StoreError as failure:
        return f"docs: {failure}"
    except UnwrapError:
        return "docs: the root key does not open this database's keys; restore the right root.key"
    except (asyncpg.PostgresError, *UNREACHABLE):
        return "docs: the database does not answer"
    return None


def notes(app: ServiceApp) -> list[str]:
    """What does not work for some firms, in sentences."""
    vault: Vault = app.state.vault
    shut = [f"docs: the root key {root} cannot be used" for root in vault.keychain.opened.shut()]
    return shut + [
        f"docs: the store {name} cannot be used: {why}" for name, why in vault.stores.failures.items()
    ]
