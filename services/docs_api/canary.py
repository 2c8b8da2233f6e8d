"""The root key's canary: one value sealed under it at the first start and opened at every start after.

Without it another root key would be noticed only when content does not open, which looks like damage.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg

from services.docs_api.keychain import Keychain, WrappedFirmKey
from services.kernel.database import password_of
from services.kernel.ids import PLATFORM
from services.kernel.settings import Settings
from services.keys.errors import KeysError
from services.keys.files import KeyDirectory, NamedKey
from services.keys.roots import file_roots
from services.keys.wrapping import KeyName, UnwrapError, new_key, unwrap, wrap
from services.tables.roles import Role

_LOCK = 0x72656477_63616E61  # "redwcana"
_CANARIES = "SELECT id, wrapped FROM root_canaries WHERE tenant_id = $1"
_ADD = "INSERT INTO root_canaries (tenant_id, id, wrapped, created_at) VALUES ($1, $2, $3, $4)"
_SOME_FIRM_KEY = """
SELECT tenant_id, id, root, wrapped, names_wrapped FROM firm_keys WHERE position(':' in root) = 0 LIMIT 1
"""
FILE_ROOTS = "SELECT DISTINCT root FROM firm_keys WHERE position(':' in root) = 0"


class WrongRootKeyError(KeysError):
    """The root key is not the one that this database's keys are sealed under."""


async def ensure_canary(settings: Settings, root: NamedKey, now: datetime) -> None:
    """Return if `root` is the root key of this database.

    Where no canary is yet, one is made; but beside firm keys only after one of them opened.

    Raises:
        WrongRootKeyError: it is another key, or an altered one.
        OSError, asyncpg.PostgresError: the database does not answer.
    """
    connection = await _connect(settings)
    try:
        async with connection.transaction():
            # Two first starts at once: the second reads what the first has written.
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            known = dict(await connection.fetch(_CANARIES, PLATFORM))
            if not known:
                row = await connection.fetchrow(_SOME_FIRM_KEY)
                await _check_firm_key(root, None if row is None else WrappedFirmKey(*row))
                await connection.execute(_ADD, PLATFORM, root.name.id, new_canary(root), now)
            else:
                check_canary(root, known.get(root.name.id))
            check_all_here(KeyDirectory(settings.keys), root, await connection.fetch(FILE_ROOTS))
    finally:
        await connection.close(timeout=5)


def new_canary(root: NamedKey) -> bytes:
    """A random value nobody knows, sealed under `root`."""
    return wrap(root.key, root.name, new_key(), _name(root))


def check_canary(root: NamedKey, canary: bytes | None) -> None:
    """Return if `root` opens its canary; it has none where another root key sealed this database's keys.

    Raises:
        WrongRootKeyError: as it says.
    """
    if canary is None:
        raise _wrong(root)
    try:
        unwrap(root.key, root.name, canary, _name(root))
    except UnwrapError as exc:
        raise _wrong(root) from exc


def check_all_here(keys: KeyDirectory, root: NamedKey, used: Iterable[asyncpg.Record]) -> None:
    """Return if every root key that is used is here; while they are rotated, firm keys lie under two.

    `used` are the rows of `FILE_ROOTS`.

    Raises:
        WrongRootKeyError: one is missing.
    """
    for row in used:
        if row["root"] != str(root.name.id) and keys.root(UUID(row["root"])) is None:
            raise WrongRootKeyError(
                f"Keys of this database are sealed under the root key {row['root']}, which is not in "
                f"{keys.path}; restore root.key, and root-*.key if there are any, from the newest backup."
            )


async def _check_firm_key(root: NamedKey, firm: WrappedFirmKey | None) -> None:
    if firm is None:
        return
    try:
        await Keychain(file_roots(root)).try_firm_key(firm)
    except UnwrapError as exc:
        raise _wrong(root) from exc


def _name(root: NamedKey) -> KeyName:
    return KeyName("canary", None, root.name.id)


def _wrong(root: NamedKey) -> WrongRootKeyError:
    return WrongRootKeyError(
        f"The root key {root.name.id} is not the one that this database's keys are sealed under; "
        "restore the right root.key from its backup."
    )


async def _connect(settings: Settings) -> asyncpg.Connection:
    role = str(Role.SWEEPER)
    return await asyncpg.connect(
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name,
        user=role,
        password=password_of(settings, role),
        timeout=5,
        command_timeout=15,
        server_settings={"application_name": role},
    )
