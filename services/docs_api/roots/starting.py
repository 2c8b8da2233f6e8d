"""At a start, every root that is kept elsewhere is tried in the background; it stops nobody but its firms."""

import asyncpg

from services.docs_api.roots.canaries import roots_elsewhere, why_not
from services.docs_api.sweep.sweeper import sweeper_connection
from services.docs_api.vault import Vault
from services.kernel.database import UNREACHABLE
from services.kernel.logs import logger

_log = logger("docs")


async def try_roots(vault: Vault) -> None:
    """Have each of them open its canary, and say in the log of the process which do not."""
    try:
        async with sweeper_connection(vault) as connection:
            for root in await roots_elsewhere(connection):
                why = await why_not(connection, vault.keychain.roots, root)
                if why is not None:
                    _log.error("a root key cannot be used; its firms are stopped", root=root, why=why)
    except (asyncpg.PostgresError, *UNREACHABLE) as error:
        _log.warning("root keys were not tried at the start", why=str(error))
