"""The vault's keys: data key ← matter key ← firm key ← root.

The names key of a firm or matter is one secret for life, held in each row of its keys wrapped under that
row's key, so that rotation rewraps and never touches what is sealed. Keys are looked up in the database on
every request; only the unwrapping is remembered, in memory, for the most recent ones.
"""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from services.keys.fields import FieldName, blind_index, open_field, seal_field
from services.keys.files import NamedKey
from services.keys.wrapping import KeyName, SecretKey, new_key, unwrap, wrap

_REMEMBERED_KEYS = 2048


@dataclass(frozen=True, slots=True)
class WrappedFirmKey:
    """A firm's key as it lies in its row."""

    tenant: UUID
    id: UUID
    wrapped: bytes
    names_wrapped: bytes

    @property
    def name(self) -> KeyName:
        return KeyName("firm", self.tenant, self.id)

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
    """Makes keys, and opens them from the root down; what does not open raises `UnwrapError`."""

    def __init__(self, root: NamedKey) -> None:
        self._root = root
        self._remembered: OrderedDict[tuple[KeyName, KeyName, bytes], SecretKey] = OrderedDict()

    @property
    def root_id(self) -> str:
        return str(self._root.name.id)

    def new_firm_key(self, tenant: UUID, key_id: UUID) -> WrappedFirmKey:
        key, name = new_key(), KeyName("firm", tenant, key_id)
        names = wrap(key, name, new_key(), KeyName("firm-names", tenant, key_id))
        return WrappedFirmKey(tenant, key_id, wrap(self._root.key, self._root.name, key, name), names)

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

    def try_firm_key(self, firm: WrappedFirmKey) -> None:
        """Return if the root key opens this firm key."""
        unwrap(self._root.key, self._root.name, firm.wrapped, firm.name)

    def _firm(self, firm: WrappedFirmKey) -> SecretKey:
        return self._open(self._root.key, self._root.name, firm.wrapped, firm.name)

    def _matter(self, matter: WrappedMatterKey) -> SecretKey:
        return self._open(self._firm(matter.firm), matter.firm.name, matter.wrapped, matter.name)

    def _open(self, parent: SecretKey, parent_name: KeyName, wrapped: bytes, name: KeyName) -> SecretKey:
        # Remembered under both names, so that a row moved to another place does not open from memory.
        place = (parent_name, name, wrapped)
        found = self._remembered.get(place)
        if found is None:
            found = self._remembered[place] = unwrap(parent, parent_name, wrapped, name)
            if len(self._remembered) > _REMEMBERED_KEYS:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(place)
        return found


def _data_name(matter: WrappedMatterKey, version: UUID) -> KeyName:
    return KeyName("data", matter.firm.tenant, version)
