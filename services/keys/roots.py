"""Roots: what firm keys are sealed under, each known by an id that the row of a firm key repeats.

Whoever opens a firm key looks its root up by that id, so that firms may have different roots, and a root may
be replaced while keys under the old one are still there. A root may be another machine's, and then sealing
and opening are calls over the network: nobody waits for one while holding what others need.

    KeysError
    ├── UnwrapError ── UnknownRootError
    ├── RootRefusedError       the root says no: `disabled`, `denied`, `missing`, `unfit`
    └── RootUnreachableError   it does not say anything
"""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol
from uuid import UUID

from services.keys.errors import KeysError
from services.keys.files import KeyDirectory, KeyFile, KeyFileError, NamedKey
from services.keys.wrapping import KeyName, SecretKey, UnwrapError, unwrap, wrap


class UnknownRootError(UnwrapError):
    """A key is sealed under a root that this process has not."""


Refusal = Literal["disabled", "denied", "missing", "unfit"]


class RootRefusedError(KeysError):
    """Whoever keeps the root says no, and will until somebody there decides otherwise."""

    def __init__(self, root: str, why: Refusal) -> None:
        super().__init__(f"The root key {root} may not be used: {why}.")
        self.why = why


class RootUnreachableError(KeysError):
    """Whoever keeps the root does not answer, or cannot now. `why` is the first word of what failed."""

    def __init__(self, root: str, why: str) -> None:
        super().__init__(f"The root key {root} is not reached: {why}.")
        self.why = why


class Root(Protocol):
    """One root key, wherever it is kept."""

    @property
    def id(self) -> str:
        """What rows know it by; another root never has the same."""

    async def seal(self, key: SecretKey, name: KeyName) -> bytes:
        """`key` as it lies in its row; it opens under the same name alone."""

    async def open(self, sealed: bytes, name: KeyName) -> SecretKey:
        """Open what `seal` made.

        Raises:
            UnwrapError: the bytes, the name or the root is not the one it was made with.
            RootRefusedError, RootUnreachableError: it is not to be had; a root in a file always is.
        """


class FileRoot:
    """A root key in a file of this deployment: it seals and opens at once, wherever it is asked."""

    def __init__(self, root: NamedKey) -> None:
        self._root = root
        self.id = str(root.name.id)

    async def seal(self, key: SecretKey, name: KeyName) -> bytes:
        return self.seal_now(key, name)

    async def open(self, sealed: bytes, name: KeyName) -> SecretKey:
        return self.open_now(sealed, name)

    def seal_now(self, key: SecretKey, name: KeyName) -> bytes:
        return wrap(self._root.key, self._root.name, key, name)

    def open_now(self, sealed: bytes, name: KeyName) -> SecretKey:
        """Raises UnwrapError as `open` does."""
        return unwrap(self._root.key, self._root.name, sealed, name)


class Roots:
    """The roots that a process has.

    Args:
        files: the roots in files.
        default: the id of the root for the keys of a firm that none was chosen for; the first file's if None.
        elsewhere: makes a root that is kept by somebody else from its id, which has a colon in it; raises
            KeysError where it cannot.
        directory: where a root in a file is looked for that came while the process ran.
    """

    def __init__(
        self,
        files: Iterable[FileRoot],
        *,
        default: str | None = None,
        elsewhere: Callable[[str], Root] | None = None,
        directory: KeyDirectory | None = None,
    ) -> None:
        self._known: dict[str, Root] = {root.id: root for root in files}
        self._elsewhere, self._directory = elsewhere, directory
        self._first = next(iter(self._known))
        self._default = default
        self.named(self.default_id)

    @property
    def default_id(self) -> str:
        """The id of the root for the keys of a firm that none was chosen for.

        The file is read each time, which is seldom, so that a root that took its place is used from then on.
        """
        if self._default is not None or self._directory is None:
            return self._default or self._first
        try:
            return str(self._directory.secret(KeyFile.ROOT).name.id)
        except KeyFileError:
            return self._first

    @property
    def default(self) -> Root:
        """The root of that id."""
        return self.named(self.default_id)

    @property
    def reaches_elsewhere(self) -> bool:
        """Whether roots may be kept by somebody else."""
        return self._elsewhere is not None

    def named(self, root_id: str) -> Root:
        """The root of that id (raises UnknownRootError)."""
        found = self._known.get(root_id)
        if found is None and self._elsewhere is not None and is_elsewhere(root_id):
            found = self._known[root_id] = self._elsewhere(root_id)
        if found is None:
            found = self._look_for(root_id)
        if found is None:
            raise UnknownRootError(f"There is no root key {root_id} here.")
        return found

    def _look_for(self, root_id: str) -> Root | None:
        if self._directory is None or is_elsewhere(root_id):
            return None
        try:
            read = self._directory.root(UUID(root_id))
        except ValueError:
            return None
        if read is None:
            return None
        self._known[root_id] = FileRoot(read)
        return self._known[root_id]


def is_elsewhere(root_id: str) -> bool:
    """Whether the id is of a root that is kept by somebody else; of one in a file, it is a UUID."""
    return ":" in root_id


def file_roots(*roots: NamedKey) -> Roots:
    """The roots of a deployment that has them in files alone; the first one is the default."""
    return Roots(map(FileRoot, roots))
