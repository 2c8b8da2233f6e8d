"""Writing a bundle file: one pass, in bounded memory, the manifest last."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO

from services.audit.offline.errors import FormatError
from services.audit.offline.manifest import CONTENT_FILES, Manifest
from services.audit.offline.note import VerifierKey

README = """\
This is evidence from a Redwell log: what happened, as it was recorded at the time.

Check it offline with Redwell's verifier and the fingerprint of the log key that you
noted when the deployment was set up:

    redwell audit verify BUNDLE --pin SHA256:...
    python -m services.audit.offline BUNDLE --pin SHA256:...

Do not take the fingerprint from this file or from whoever gave it to you.
The format is specified in docs/ledger-format.md, so that anyone can write a verifier.

    checkpoint        the log's size and root hash, signed by the log
    log-key           the log's public key
    leaves.ndjson     every line of the log up to that size; holds no personal data
    events.ndjson     the events themselves, those that match the filter
    disclosed.ndjson  personal values that the events commit to, or that they were erased
    manifest.json     what was asked for, and the SHA-256 of each file
"""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes, whenever it is packed


class BundleWriter:
    """Packs one bundle into `target`. Give every file once, in any order, then call `finish`."""

    def __init__(self, target: IO[bytes]) -> None:
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._digests: dict[str, str] = {}

    @contextmanager
    def lines(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Open `leaves.ndjson`, `events.ndjson` or `disclosed.ndjson`; yields what appends one line to it.

        Leaves go in order of `idx`, events in the order of their leaves, disclosed lines in the order of
        their events and, within one event, of their field names.
        """
        digest = hashlib.sha256()
        with self._archive.open(_entry(name), "w", force_zip64=True) as stream:

            def append(line: bytes) -> None:
                digest.update(line + b"\n")
                stream.write(line + b"\n")

            yield append
        self._digests[name] = digest.hexdigest()

    def finish(self, manifest: Manifest, checkpoint: bytes, key: VerifierKey) -> None:
        """Add the small files and close the zip.

        Args:
            manifest: without `files`, which the writer knows.
            checkpoint: the signed note, byte for byte.
            key: the log's public key, under the log's name.

        Raises:
            FormatError: a file was not given.
        """
        for name, content in (
            ("checkpoint", checkpoint),
            ("log-key", f"{key}\n".encode()),
            ("README.txt", README.encode()),
        ):
            self._archive.writestr(_entry(name), content)
            self._digests[name] = hashlib.sha256(content).hexdigest()
        if self._digests.keys() != CONTENT_FILES:
            raise FormatError("A file of the bundle was not written.")
        complete = replace(manifest, files=self._digests)
        self._archive.writestr(_entry("manifest.json"), complete.to_bytes())
        self._archive.close()

    def abandon(self) -> None:
        """Let go of a target that nobody will read, while it is still open."""
        self._archive.close()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry
