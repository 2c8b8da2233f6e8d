"""Opens keys from their rows for a rotation, and puts new ones in their place as the current ones."""

from uuid import UUID

import asyncpg

from services.docs_api.rotation.errors import AlteredKeyError, FirmRevokedError
from services.docs_api.rotation.rows import Rotation, Rotations
from services.keys.roots import Roots
from services.keys.wrapping import KeyName, SecretKey, UnwrapError, new_key, unwrap, wrap

_FIRM_KEY = "SELECT root, wrapped, names_wrapped FROM firm_keys WHERE tenant_id = $1 AND id = $2"
_CURRENT_FIRM_KEY = "SELECT id FROM firm_keys WHERE tenant_id = $1 AND retired_at IS NULL"
_MATTER_KEY = "SELECT firm_key_id, wrapped, names_wrapped FROM matter_keys WHERE tenant_id = $1 AND id = $2"
_CHOSEN = "SELECT root, revoked_at FROM firm_roots WHERE tenant_id = $1"
_RETIRE_FIRM_KEY = "UPDATE firm_keys SET retired_at = $3 WHERE tenant_id = $1 AND id = $2"
_ADD_FIRM_KEY = """
INSERT INTO firm_keys (tenant_id, id, root, wrapped, names_wrapped, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_RETIRE_MATTER_KEY = "UPDATE matter_keys SET retired_at = $3 WHERE tenant_id = $1 AND id = $2"
_ADD_MATTER_KEY = """
INSERT INTO matter_keys (tenant_id, id, matter_id, firm_key_id, wrapped, names_wrapped, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


class KeyRows:
    """The rows of firms' and matters' keys, and what opens them."""

    def __init__(self, connection: asyncpg.Connection, roots: Roots, rotations: Rotations) -> None:
        self.connection, self.roots, self.rotations = connection, roots, rotations

    async def current_firm_key(self, tenant: UUID) -> UUID | None:
        found: UUID | None = await self.connection.fetchval(_CURRENT_FIRM_KEY, tenant)
        return found

    async def firm_key(self, tenant: UUID, key_id: UUID) -> tuple[SecretKey, bytes]:
        """The key, and its names key as it is wrapped (raises RotationError, KeysError)."""
        row = await self.connection.fetchrow(_FIRM_KEY, tenant, key_id)
        name, root = KeyName("firm", tenant, key_id), self.roots.named(row["root"])
        try:
            return await root.open(row["wrapped"], name), row["names_wrapped"]
        except UnwrapError as error:
            raise AlteredKeyError(f"The firm key {key_id} of the firm {tenant}") from error

    async def matter_key(self, tenant: UUID, key_id: UUID) -> tuple[SecretKey, bytes]:
        """The key, and its names key as it is wrapped (raises RotationError, KeysError)."""
        row = await self.connection.fetchrow(_MATTER_KEY, tenant, key_id)
        firm, _ = await self.firm_key(tenant, row["firm_key_id"])
        parent, name = KeyName("firm", tenant, row["firm_key_id"]), KeyName("matter", tenant, key_id)
        what = f"The matter key {key_id} of the firm {tenant}"
        return reopened(firm, parent, row["wrapped"], name, what), row["names_wrapped"]

    async def usable_root(self, tenant: UUID) -> str:
        """The id of the root for the firm's next key (raises FirmRevokedError)."""
        row = await self.connection.fetchrow(_CHOSEN, tenant)
        if row is not None and row["revoked_at"] is not None:
            raise FirmRevokedError(
                f"The root key of the firm {tenant} was revoked, so nothing of it is opened or sealed; "
                "`redwell keys reinstate` comes first."
            )
        return self.roots.default_id if row is None or row["root"] is None else str(row["root"])

    async def replace_firm_key(self, tenant: UUID, old_id: UUID) -> Rotation:
        """Make a new key the firm's current one."""
        root = self.roots.named(await self.usable_root(tenant))
        old, names_wrapped = await self.firm_key(tenant, old_id)
        made, new_id = new_key(), self.rotations.new_id()
        new, old_name = KeyName("firm", tenant, new_id), KeyName("firm", tenant, old_id)
        what = f"The names key of the firm {tenant}"
        names = reopened(old, old_name, names_wrapped, KeyName("firm-names", tenant, old_id), what)
        wrapped = await root.seal(made, new)
        names_wrapped = wrap(made, new, names, KeyName("firm-names", tenant, new_id))
        rotation = Rotation(tenant, self.rotations.new_id(), "firm", None, str(old_id), str(new_id))
        now = self.rotations.recorder.clock()
        async with self.connection.transaction():
            await self.connection.execute(_RETIRE_FIRM_KEY, tenant, old_id, now)
            await self.connection.execute(_ADD_FIRM_KEY, tenant, new_id, root.id, wrapped, names_wrapped, now)
            await self.rotations.start(rotation)
        return rotation

    async def replace_matter_key(self, tenant: UUID, matter: UUID, old_id: UUID) -> Rotation:
        """Make a new key the matter's current one, under the firm's current one."""
        await self.usable_root(tenant)
        firm_id = await self.current_firm_key(tenant)
        assert firm_id is not None, "the matter has a key, so the firm has one"
        (firm, _), (old, names_wrapped) = (
            await self.firm_key(tenant, firm_id),
            await self.matter_key(tenant, old_id),
        )
        made, new_id = new_key(), self.rotations.new_id()
        new, old_name = KeyName("matter", tenant, new_id), KeyName("matter", tenant, old_id)
        what = f"The names key of the matter {matter}"
        names = reopened(old, old_name, names_wrapped, KeyName("matter-names", tenant, old_id), what)
        wrapped = wrap(firm, KeyName("firm", tenant, firm_id), made, new)
        names_wrapped = wrap(made, new, names, KeyName("matter-names", tenant, new_id))
        rotation = Rotation(tenant, self.rotations.new_id(), "matter", matter, str(old_id), str(new_id))
        now = self.rotations.recorder.clock()
        async with self.connection.transaction():
            await self.connection.execute(_RETIRE_MATTER_KEY, tenant, old_id, now)
            values = (tenant, new_id, matter, firm_id, wrapped, names_wrapped, now)
            await self.connection.execute(_ADD_MATTER_KEY, *values)
            await self.rotations.start(rotation)
        return rotation


def reopened(parent: SecretKey, parent_name: KeyName, wrapped: bytes, name: KeyName, what: str) -> SecretKey:
    """Open a wrapped key (raises AlteredKeyError, which says that it is `what`)."""
    try:
        return unwrap(parent, parent_name, wrapped, name)
    except UnwrapError as error:
        raise AlteredKeyError(what) from error
