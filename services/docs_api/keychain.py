"""The vault's keys: data key ← matter key ← firm key ← root.

The names key of a firm or matter is one secret for life, held in each row of its keys wrapped under that
row's key, so that rotation rewraps and never touches what is sealed. Keys are looked up in the database on
every request; only the unwrapping is remembered, in memory, for the most recent ones. A root that is kept
elsewhere is never asked by the methods that answer at once: `unlock` asks it, before a transaction is open.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.docs_api.roots.errors import FirmKeyUnavailable
from services.docs_api.roots.opened import OpenedKeys, SealedFirmKey
from services.keys.fields import FieldName, blind_index, open_field, seal_field
from services.keys.roots import FileRoot, Roots, is_elsewhere
from services.keys.wrapping import KeyName, SecretKey, new_key, unwrap, wrap

_REMEMBERED_KEYS = 2048


@dataclass(frozen=True, slots=True)
class WrappedFirmKey:
    """A firm's key as it lies in its row.

    `root` is the id of the root that opens it. `revoked`: the firm's root was revoked, so it is not opened.
    """

    tenant: UUID
    id: UUID
    root: str
    wrapped: bytes
    names_wrapped: bytes
    revoked: bool = False

    @property
    def name(self) -> KeyName:
        return KeyName("firm", self.tenant, self.id)

    @property
    def sealed(self) -> SealedFirmKey:
        return SealedFirmKey(self.root, self.name, self.wrapped)

    @property
    def names_name(self) -> KeyName:
        return KeyName("firm-names", self.tenant, self.id)


@dataclass(frozen=True, slots=True)
class WrappedMatterKey:
    """A matter's key as it lies in its row, with the firm's that opens it."""

    firm: WrappedFirmKey
    id: UUID
    wrapped: bytes
    names_wrapped: bytes

    @property
    def name(self) -> KeyName:
        return KeyName("matter", self.firm.tenant, self.id)

    @property
    def names_name(self) -> KeyName:
        return KeyName("matter-names", self.firm.tenant, self.id)


@dataclass(frozen=True, slots=True)
class Names:
    """Seals, opens and indexes the words of one firm or matter."""

    key: SecretKey
    tenant: UUID

    def seal(self, place: str, row: UUID, text: str) -> bytes:
        """Seal `text` for one column of one row; `place` is `table.column`."""
        return seal_field(self.key, self._field(place, row), text)

    def open(self, place: str, row: UUID, sealed: bytes) -> str:
        """Open what `seal` made (raises `FieldError` when it was altered or moved)."""
        return open_field(self.key, self._field(place, row), sealed)

    def index(self, name: str, text: str) -> bytes:
        """The blind index of `text`: equal for equal words, and it tells nothing else."""
        return blind_index(self.key, name, text)

    def _field(self, place: str, row: UUID) -> FieldName:
        table, column = place.split(".")
        return FieldName(table, column, self.tenant, row)


class Keychain:
    """Makes keys, and opens them from the root down; what does not open raises `UnwrapError`.

    Whatever opens a firm's key raises `FirmKeyUnavailable` while the firm's root may not be used.

    Args:
        roots: what firm keys are sealed under.
        trust_seconds: for how long a firm key that a root elsewhere has opened is used.
        closed: called with a firm whose root ceased to be usable.
    """

    def __init__(
        self, roots: Roots, trust_seconds: float = 60.0, closed: Callable[[UUID], None] | None = None
    ) -> None:
        self.roots = roots
        self.opened = OpenedKeys(roots, trust_seconds, self._close)
        self._tell_closed = closed
        self._remembered: OrderedDict[tuple[KeyName, KeyName | str, bytes], SecretKey] = OrderedDict()

    async def new_firm_key(self, tenant: UUID, key_id: UUID, root_id: str | None = None) -> WrappedFirmKey:
        """A firm's key under the root of that id (the default one if None), and its names key.

        Raises:
            KeysError: that root is not to be had; one in a file always is.
        """
        root = self.roots.default if root_id is None else self.roots.named(root_id)
        key, name = new_key(), KeyName("firm", tenant, key_id)
        names = wrap(key, name, new_key(), KeyName("firm-names", tenant, key_id))
        return WrappedFirmKey(tenant, key_id, root.id, await root.seal(key, name), names)

    def new_matter_key(self, firm: WrappedFirmKey, key_id: UUID) -> WrappedMatterKey:
        key, name = new_key(), KeyName("matter", firm.tenant, key_id)
        names = wrap(key, name, new_key(), KeyName("matter-names", firm.tenant, key_id))
        return WrappedMatterKey(firm, key_id, wrap(self._firm(firm), firm.name, key, name), names)

    def new_data_key(self, matter: WrappedMatterKey, version: UUID) -> tuple[SecretKey, bytes]:
        """A version's data key, and how it lies in the version's row."""
        key = new_key()
        return key, wrap(self._matter(matter), matter.name, key, _data_name(matter, version))

    def data_key(self, matter: WrappedMatterKey, version: UUID, wrapped: bytes) -> SecretKey:
        return self._open(self._matter(matter), matter.name, wrapped, _data_name(matter, version))

    def firm_names(self, firm: WrappedFirmKey) -> Names:
        key = self._open(self._firm(firm), firm.name, firm.names_wrapped, firm.names_name)
        return Names(key, firm.tenant)

    def matter_names(self, matter: WrappedMatterKey) -> Names:
        key = self._open(self._matter(matter), matter.name, matter.names_wrapped, matter.names_name)
        return Names(key, matter.firm.tenant)

    async def try_firm_key(self, firm: WrappedFirmKey) -> None:
        """Return if the root that it names opens this firm key."""
        await self.roots.named(firm.root).open(firm.wrapped, firm.name)

    async def unlock(self, firm: WrappedFirmKey) -> None:
        """Have the firm's root open its key, so that it is open when it is needed.

        Waits for the root if that is elsewhere, so nothing may be held that others wait for.
        """
        if is_elsewhere(firm.root) and not firm.revoked:
            await self.opened.unlock(firm.sealed)

    def require(self, firm: WrappedFirmKey) -> None:
        """Return if the firm's key may be used and is open (raises FirmKeyUnavailable)."""
        self._firm(firm)

    def _firm(self, firm: WrappedFirmKey) -> SecretKey:
        if firm.revoked:
            raise FirmKeyUnavailable
        if is_elsewhere(firm.root):
            return self.opened.key(firm.sealed)
        place = (firm.name, firm.root, firm.wrapped)
        found = self._remembered.get(place)
        if found is None:
            root = self.roots.named(firm.root)
            assert isinstance(root, FileRoot), "what is not elsewhere is in a file"
            found = self._remember(place, root.open_now(firm.wrapped, firm.name))
        self._remembered.move_to_end(place)
        return found

    def _close(self, tenant: UUID) -> None:
        for place in [place for place in self._remembered if place[0].tenant == tenant]:
            del self._remembered[place]
        if self._tell_closed is not None:
            self._tell_closed(tenant)

    def _matter(self, matter: WrappedMatterKey) -> SecretKey:
        return self._open(self._firm(matter.firm), matter.firm.name, matter.wrapped, matter.name)

    def _open(self, parent: SecretKey, parent_name: KeyName, wrapped: bytes, name: KeyName) -> SecretKey:
        # Remembered under both names, so that a row moved to another place does not open from memory.
        place = (name, parent_name, wrapped)
        found = self._remembered.get(place)
        if found is None:
            found = self._remember(place, unwrap(parent, parent_name, wrapped, name))
        self._remembered.move_to_end(place)
        return found

    def _remember(self, place: tuple[KeyName, KeyName | str, bytes], key: SecretKey) -> SecretKey:
        self._remembered[place] = key
        if len(self._remembered) > _REMEMBERED_KEYS:
            self._remembered.popitem(last=False)
        return key


def _data_name(matter: WrappedMatterKey, version: UUID) -> KeyName:
    return KeyName("data", matter.firm.tenant, version)
