"""Rotates keys: begins, moves what lies under the old key, waits for whoever may still use it, and ends.

It works as a database role of its own, on the machine that has the key files, and one at a time. Whatever it
has done is in the rows, so after it was killed anywhere the next run goes on from there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from services.docs_api.canary import new_canary
from services.docs_api.roots.canaries import ensure_canary_of
from services.docs_api.rotation.errors import FirmRevokedError, RotationError
from services.docs_api.rotation.moving import mover
from services.docs_api.rotation.opening import KeyRows
from services.docs_api.rotation.rows import Rotation, Rotations
from services.kernel.ids import PLATFORM
from services.keys.files import KeyDirectory, KeyFile, NamedKey
from services.keys.roots import is_elsewhere

PATIENCE_SECONDS: Final = 120.0
_PAUSE_SECONDS = 0.05
_LOCK = 0x72656477_726F7461  # "redwrota"
_TRANSACTIONS = """
SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'virtualxid' AND l.granted AND a.usename IN ('redwell_docs', 'redwell_sweeper')
"""
_FILE_ROOTS = "SELECT DISTINCT root FROM firm_keys WHERE position(':' in root) = 0 ORDER BY root"
_STILL_UNDER = "SELECT count(*) FROM firm_keys WHERE root = $1"
_HAS_CANARY = "SELECT EXISTS (SELECT FROM root_canaries WHERE tenant_id = $1 AND id = $2)"
_ADD_CANARY = "INSERT INTO root_canaries (tenant_id, id, wrapped, created_at) VALUES ($1, $2, $3, $4)"
_CHOOSE_ANEW = "UPDATE firm_roots SET root = $2, changed_at = $3 WHERE root = $1"
_FIRMS = (
    "SELECT tenant_id, id FROM firm_keys WHERE retired_at IS NULL AND ($1::uuid IS NULL OR tenant_id = $1)"
)
_MATTERS = """
SELECT tenant_id, matter_id, id FROM matter_keys
WHERE retired_at IS NULL AND ($1::uuid IS NULL OR matter_id = $1) ORDER BY tenant_id, id
"""


@dataclass(frozen=True, slots=True)
class Rotator:
    """`tell` is called with a sentence for each rotation that is over."""

    keys: KeyRows
    directory: KeyDirectory
    tell: Callable[[str], None]

    @property
    def connection(self) -> asyncpg.Connection:
        return self.keys.connection

    @property
    def rotations(self) -> Rotations:
        return self.keys.rotations

    async def go_on(self) -> list[Rotation]:
        """End the rotations that were interrupted; which those were."""
        found = await self.rotations.unfinished()
        for rotation in found:
            with self._told_if_revoked():
                await self._run(rotation)
        return found

    async def root(self) -> None:
        """Put a new root in the place of those in files: a new file, or the default one in KMS."""
        begun = await self._begin_root(await self._next_root())
        for rotation in begun:
            await self._run(rotation)

    async def firm(self, firm: UUID | None, done: Collection[Rotation] = ()) -> None:
        """Put a new key in the place of a firm's, or of every firm's; of those in `done` it was just done."""
        for tenant, key in await self._found(_FIRMS, firm, "firm"):
            if any(each.level == "firm" and each.tenant == tenant for each in done):
                continue
            with self._told_if_revoked():
                await self._run(await self.keys.replace_firm_key(tenant, key))

    async def matter(self, matter: UUID | None, done: Collection[Rotation] = ()) -> None:
        """Put a new key in the place of a matter's, or of every matter's, as `firm` does."""
        for tenant, found, key in await self._found(_MATTERS, matter, "matter"):
            if any(each.matter == found for each in done):
                continue
            with self._told_if_revoked():
                await self._run(await self.keys.replace_matter_key(tenant, found, key))

    async def stage_root(self) -> UUID:
        """Make the root key that the next rotation takes; its id."""
        return (await self._unused_root()).name.id

    @contextmanager
    def _told_if_revoked(self) -> Iterator[None]:
        try:
            yield
        except FirmRevokedError as error:
            self.tell(str(error))

    async def _begin_root(self, new: NamedKey | str) -> list[Rotation]:
        new_id = new if isinstance(new, str) else str(new.name.id)
        old = {row["root"] for row in await self.connection.fetch(_FILE_ROOTS)}
        async with self.connection.transaction():
            if isinstance(new, NamedKey):
                old.add(str(self.directory.secret(KeyFile.ROOT).name.id))
                now = self.rotations.recorder.clock()
                await self.connection.execute(_ADD_CANARY, PLATFORM, new.name.id, new_canary(new), now)
            begun = [
                Rotation(PLATFORM, self.rotations.new_id(), "root", None, each, new_id)
                for each in sorted(old)
            ]
            for rotation in begun:
                await self.rotations.start(rotation)
        return begun

    async def _found(self, statement: str, wanted: UUID | None, what: str) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.connection.fetch(statement, wanted)
        if wanted is not None and not rows:
            raise RotationError(f"There is no {what} {wanted} that has a key.")
        return rows

    async def _next_root(self) -> NamedKey | str:
        default = self.keys.roots.default
        if not is_elsewhere(default.id):
            return await self._unused_root()
        await ensure_canary_of(self.connection, default, self.rotations.recorder.clock())
        return default.id

    async def _unused_root(self) -> NamedKey:
        """One that an interrupted start or `--stage` left, or a new one."""
        for key_id in self.directory.other_roots():
            if not await self.connection.fetchval(_HAS_CANARY, PLATFORM, key_id):
                found = self.directory.root(key_id)
                assert found is not None, "it was listed"
                return found
        return self.directory.new_root()

    async def _run(self, rotation: Rotation) -> None:
        if rotation.level == "root":
            await self._choose_root(rotation)
        move = await mover(self.keys, rotation)
        while await move():
            pass
        # Whoever read the old key as the current one before may still seal under it.
        await self._older_transactions_end()
        while await move():
            pass
        if rotation.level == "root" and await self._stays_under(rotation):
            return
        moved = await self.rotations.finish(rotation)
        of = f"{rotation.level} {rotation.matter or rotation.tenant}" if rotation.level != "root" else "root"
        self.tell(f"{of}: {rotation.old} gave way to {rotation.new}; {moved} keys were sealed anew.")

    async def _choose_root(self, rotation: Rotation) -> None:
        if not is_elsewhere(rotation.new):
            self.directory.use_root(UUID(rotation.new))
        now = self.rotations.recorder.clock()
        await self.connection.execute(_CHOOSE_ANEW, rotation.old, rotation.new, now)

    async def _stays_under(self, rotation: Rotation) -> bool:
        left: int = await self.connection.fetchval(_STILL_UNDER, rotation.old)
        if left:
            self.tell(
                f"{left} keys of firms stay under the root {rotation.old}, because the firm is revoked or "
                "another root was chosen for it; reinstate it, or rotate its key with --firm, and run "
                "`redwell keys rotate` again."
            )
        return left > 0

    async def _older_transactions_end(self) -> None:
        """Return when every transaction of the vault that is open now is over (raises RotationError)."""
        async with _patience():
            open_now = await self._transactions()
            while open_now & await self._transactions():  # noqa: ASYNC110 -- other processes', which tell nothing
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _transactions(self) -> set[str]:
        return {row[0] for row in await self.connection.fetch(_TRANSACTIONS)}


@asynccontextmanager
async def only_rotator(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Raises RotationError if another rotation is running; the lock goes with the connection."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
        raise RotationError("Another rotation of keys is running.")
    yield


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except TimeoutError as error:
        raise RotationError(
            f"A transaction of the vault has been open for {PATIENCE_SECONDS:.0f} seconds; "
            "run `redwell keys rotate` to go on once it is over."
        ) from error
