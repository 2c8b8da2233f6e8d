"""The manifest of a bundle: what the server says it put in, and the digest of each file.

The manifest is not signed. It only selects what is checked: every claim it makes about the log is compared
with the checkpoint, and a claim that cannot be compared is reported as the server's own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.audit.offline import canonical
from services.audit.offline.errors import FormatError
from services.audit.offline.events import is_instant
from services.audit.offline.leaves import DIGEST_HEX, ORIGIN, UUID

FORMAT = "redwell-bundle/v1"
MAX_MANIFEST_BYTES = 65_536
CONTENT_FILES = frozenset(
    {"checkpoint", "log-key", "leaves.ndjson", "events.ndjson", "disclosed.ndjson", "README.txt"}
)
FILTER_FIELDS = frozenset({"matter", "actor", "document", "type", "outcome", "from", "until"})

_FIELDS = frozenset({"format", "origin", "tenant", "size", "generated_at", "filter", "files"})
_FILTER_VALUE = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest's claims. `filter` is empty for a whole log; `files` maps names to SHA-256 in hex."""

    origin: str
    tenant: str
    size: int
    generated_at: str
    filter: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not ORIGIN.fullmatch(self.origin) or not UUID.fullmatch(self.tenant):
            raise FormatError("The manifest's origin or tenant is not in form.")
        if not 0 <= self.size <= canonical.MAX_INTEGER or not is_instant(self.generated_at):
            raise FormatError("The manifest's size or time is not in form.")
        values_fit = all(_FILTER_VALUE.fullmatch(value) for value in self.filter.values())
        if not values_fit or not self.filter.keys() <= FILTER_FIELDS:
            raise FormatError("The manifest's filter is not in form.")
        if "matter" in self.filter and not UUID.fullmatch(self.filter["matter"]):
            raise FormatError("The manifest's filter does not name a matter by its id.")

    def to_bytes(self) -> bytes:
        """Exact bytes of `manifest.json`."""
        fields = {
            "format": FORMAT,
            "origin": self.origin,
            "tenant": self.tenant,
            "size": self.size,
            "generated_at": self.generated_at,
            "filter": dict(self.filter),
            "files": dict(self.files),
        }
        return canonical.encode(fields)


def parse_manifest(raw: bytes) -> Manifest:
    """Read the exact bytes of `manifest.json`.

    Raises:
        FormatError: not canonical JSON of the closed schema.
    """
    fields = canonical.decode(raw, MAX_MANIFEST_BYTES)
    if fields.keys() != _FIELDS or fields["format"] != FORMAT:
        raise FormatError("The manifest is not of a known format.")
    size = fields["size"]
    if not isinstance(size, int) or isinstance(size, bool):
        raise FormatError("The manifest's size is not a number.")
    files = _texts(fields["files"])
    if files.keys() != CONTENT_FILES or not all(DIGEST_HEX.fullmatch(digest) for digest in files.values()):
        raise FormatError("The manifest does not name the digest of each file.")
    origin, tenant, generated_at = (_text(fields[name]) for name in ("origin", "tenant", "generated_at"))
    return Manifest(origin, tenant, size, generated_at, _texts(fields["filter"]), files)


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise FormatError("A part of the manifest is not an object.")
    return {name: _text(text) for name, text in value.items()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FormatError("A field of the manifest is not a string.")
    return value
