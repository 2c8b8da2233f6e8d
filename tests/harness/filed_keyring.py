"""A keyring of the system, for machines that have none: real in all but that its file is not locked."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

NAME = "tests.harness.filed_keyring.FiledKeyring"


class FiledKeyring(KeyringBackend):  # type: ignore[misc,unused-ignore]
    """Keeps everything in the JSON file that `REDWELL_TEST_KEYRING` names."""

    priority = 5

    @property
    def _file(self) -> Path:
        return Path(os.environ["REDWELL_TEST_KEYRING"])

    def _read(self) -> dict[str, str]:
        kept: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return kept

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file.write_text(json.dumps(self._read() | {f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._read()
        if kept.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError(username)
        self._file.write_text(json.dumps(kept))
