"""A signing key gives way to its successor: the successor's file beside it, and who signs follows at once.

`token.pem` is what signs. `token-<kid>.pem` is staged: made, durable, and signing nothing. `use` gives it the
name `token.pem`, at once or not at all; the secret half of the one before is then nowhere.
"""

import re
from pathlib import Path
from typing import Final

from services.keys.files import KeyDirectory, KeyFile, KeyFileError, create_file, sync_folder
from services.keys.signing import SigningKey

_KID: Final = r"[A-Za-z0-9_-]{43}"


class CurrentKey:
    """The key that signs now. A look at its file before each signature costs a microsecond."""

    def __init__(self, keys: KeyDirectory, file: KeyFile) -> None:
        self._keys, self._file = keys, file
        self._seen = _mark(keys.path / file)
        self._key = keys.signing_key(file)

    def __call__(self) -> SigningKey:
        """What is read once goes on signing while its file is away or damaged."""
        try:
            seen = _mark(self._keys.path / self._file)
            if seen != self._seen:
                self._key = self._keys.signing_key(self._file)
                self._seen = seen
        except (OSError, KeyFileError):
            return self._key
        return self._key


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


class Generations:
    """The files of one kind of signing key."""

    def __init__(self, keys: KeyDirectory, file: KeyFile) -> None:
        self._keys, self._file = keys, file
        self._other = re.compile(rf"{re.escape(file.removesuffix('.pem'))}-({_KID})\.pem")

    @property
    def current(self) -> SigningKey:
        """What signs (raises KeyFileError)."""
        return self._keys.signing_key(self._file)

    def staged(self) -> list[str]:
        """The names of the keys beside the current one."""
        found = (self._other.fullmatch(path.name) for path in self._keys.path.iterdir())
        return sorted(match[1] for match in found if match)

    def stage(self) -> SigningKey:
        """Make a key beside the current one.

        Raises:
            KeyFileError: the folder cannot be written.
        """
        made = SigningKey.generate()
        try:
            present = (self._keys.path / self._file).stat()
            # Whoever reads the present one must be able to read this one too.
            owner = (present.st_uid, present.st_gid)
            create_file(self._keys.path, self._name(made.kid), made.to_pem(), owner)
        except OSError as exc:
            raise self._unwritable(exc) from exc
        return made

    def read(self, kid: str) -> SigningKey:
        """One that is staged (raises KeyFileError)."""
        found = self._keys.signing_key(self._name(kid))
        if found.kid != kid:
            raise KeyFileError(f"{self._keys.path / self._name(kid)} holds the key {found.kid}.")
        return found

    def use(self, kid: str) -> None:
        """Let the staged key sign from now on, in the place of the current one, which is no more.

        Raises:
            KeyFileError: it is not here, or the folder cannot be written.
        """
        self.read(kid)
        try:
            (self._keys.path / self._name(kid)).replace(self._keys.path / self._file)
            sync_folder(self._keys.path)
        except OSError as exc:
            raise self._unwritable(exc) from exc

    def discard(self, kid: str) -> None:
        """Forget a staged key; none is no error (raises KeyFileError)."""
        try:
            (self._keys.path / self._name(kid)).unlink(missing_ok=True)
            sync_folder(self._keys.path)
        except OSError as exc:
            raise self._unwritable(exc) from exc

    def _name(self, kid: str) -> str:
        return f"{self._file.removesuffix('.pem')}-{kid}.pem"

    def _unwritable(self, error: OSError) -> KeyFileError:
        return KeyFileError(f"The key folder {self._keys.path} cannot be written: {error.strerror}.")
