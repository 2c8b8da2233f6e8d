"""Uploads that were begun here and have not ended, so that the next command goes on with them.

They lie beside the session, in a file that only oneself can read: an upload's address opens that upload. Each
is found by what it is for (server, person, matter, place there, file here), and is good for the very content
that it was begun for.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clients.python.redwell_client import Begun, LocalFile, RedwellClientError
from clients.python.redwell_client.locking import exclusive
from services.cli.files.session import write_privately

KEPT_SECONDS = 48 * 3600
"""No upload can be gone on with for longer than a day; this machine's clock may be wrong by hours."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What an upload is for."""

    url: str
    member_id: str
    matter_id: str
    class_id: str
    folder: str
    path: str
    document_id: str | None
    """Of which it is to be the next version; None: it is to be a document of its own."""

    @property
    def key(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """An upload, and the content that it was begun for."""

    begun: Begun
    sha256: str
    length_bytes: int

    def is_for(self, file: LocalFile) -> bool:
        return (self.sha256, self.length_bytes) == (file.sha256, file.length_bytes)


class Unfinished:
    """The uploads in one file, which commands and their threads share."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, purpose: Purpose) -> "Entry | None":
        found = self._read().get(purpose.key)
        try:
            if found is None:
                return None
            begun = Begun(str(found["location"]), str(found["upload_id"]))
            return Entry(begun, str(found["sha256"]), int(found["length_bytes"]))
        except (KeyError, TypeError, ValueError, RedwellClientError):
            return None

    def keep(self, purpose: Purpose, begun: Begun, file: LocalFile) -> None:
        """Raises OSError: there is no room for it."""
        entry = {
            "location": begun.location,
            "upload_id": begun.upload_id,
            "sha256": file.sha256,
            "length_bytes": file.length_bytes,
            "begun_at": time.time(),
        }
        with exclusive(self._file.with_suffix(".lock")):
            self._write({**self._read(), purpose.key: entry})

    def drop(self, purpose: Purpose) -> None:
        with exclusive(self._file.with_suffix(".lock")):
            kept = self._read()
            if kept.pop(purpose.key, None) is not None:
                self._write(kept)

    def _read(self) -> dict[str, dict[str, Any]]:
        """What is there; a file that cannot be read only means that uploads begin anew."""
        try:
            kept = json.loads(self._file.read_text())
            return {key: entry for key, entry in kept["uploads"].items() if _is_young(entry)}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def _write(self, kept: dict[str, dict[str, Any]]) -> None:
        write_privately(self._file, json.dumps({"uploads": kept}))


def _is_young(entry: dict[str, Any]) -> bool:
    return abs(time.time() - float(entry["begun_at"])) < KEPT_SECONDS
