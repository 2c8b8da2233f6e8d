"""A small log and its bundles, made with the real formats and a fixed key; and ways to alter a bundle."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.offline import canonical, merkle
from services.audit.offline.checkpoint import Checkpoint, sign_checkpoint
from services.audit.offline.disclosure import build_disclosed, build_erased
from services.audit.offline.events import commitment
from services.audit.offline.leaves import EventLeaf, HeadsLeaf, build_event_leaf, build_heads_leaf
from services.audit.offline.manifest import Manifest
from services.audit.offline.note import VerifierKey, fingerprint
from services.audit.offline.packing import BundleWriter

TENANT = str(UUID(int=0x0E))
ORIGIN = f"redwell.example/main/log/{UUID(int=0x10)}"
MATTER_A, MATTER_B = str(UUID(int=0xA)), str(UUID(int=0xB))
SALT = bytes(range(32))
NAME = "Zoë Ångström"
INSTANT = "2026-05-01T12:00:{:02d}.000000Z"


def _event_bytes(number: int, matter: str | None, **extra: object) -> bytes:
    fields: dict[str, object] = {
        "v": 1,
        "id": str(UUID(int=0x1000 + number)),
        "ts": INSTANT.format(number % 60),
        "type": "document.download.authorized",
        "outcome": "allowed",
        "tenant": TENANT,
    }
    if matter is not None:
        fields["object"] = {"kind": "document", "matter": matter}
    return canonical.encode({**fields, **extra})


@dataclass
class Log:
    """One organization's log, grown event by event."""

    origin: str = ORIGIN
    private_key: Ed25519PrivateKey = field(
        default_factory=lambda: Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    )
    leaves: list[bytes] = field(default_factory=list)
    events: list[bytes] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> VerifierKey:
        return VerifierKey(self.origin, self.private_key.public_key().public_bytes_raw())

    @property
    def pin(self) -> str:
        return fingerprint(self.key.public_key)

    def event(self, matter: str | None = None, **extra: object) -> bytes:
        raw = _event_bytes(len(self.events), matter, **extra)
        sequence = None
        if matter is not None:
            sequence = self.sequences[matter] = self.touched[matter] = self.sequences.get(matter, 0) + 1
        digest = hashlib.sha256(raw).hexdigest()
        self.leaves.append(
            build_event_leaf(EventLeaf(self.origin, len(self.leaves), digest, matter, sequence))
        )
        self.events.append(raw)
        return raw

    def heads(self) -> None:
        while self.touched:
            part = dict(sorted(self.touched.items())[:100])
            self.leaves.append(build_heads_leaf(HeadsLeaf(self.origin, len(self.leaves), part)))
            self.touched = {matter: head for matter, head in self.touched.items() if matter not in part}

    def checkpoint(self) -> bytes:
        root = merkle.root(map(merkle.leaf_hash, self.leaves))
        return sign_checkpoint(
            Checkpoint(self.origin, len(self.leaves), root), self.key, self.private_key.sign
        )

    def bundle(
        self,
        filters: Mapping[str, str] | None = None,
        *,
        keep: Callable[[bytes], bool] = lambda _: True,
        disclosed: Iterable[bytes] = (),
        tenant: str = TENANT,
    ) -> bytes:
        target = io.BytesIO()
        writer = BundleWriter(target)
        streams = {
            "leaves.ndjson": self.leaves,
            "events.ndjson": filter(keep, self.events),
            "disclosed.ndjson": disclosed,
        }
        for name, lines in streams.items():
            with writer.lines(name) as append:
                for line in lines:
                    append(line)
        manifest = Manifest(self.origin, tenant, len(self.leaves), INSTANT.format(59), filters or {})
        writer.finish(manifest, self.checkpoint(), self.key)
        return target.getvalue()


def sample_log() -> Log:
    """Seven events in two matters and outside any, one with two commitments, in two sealed batches."""
    log = Log()
    log.event(type="session.started")
    log.event(MATTER_A, pii={"actor_name": commitment(SALT, NAME).hex(), "ip": "0" * 64})
    log.event(MATTER_B, outcome="denied", reason="nda-unsigned")
    log.event(MATTER_A)
    log.heads()
    log.event(MATTER_A, note="façade 律師")
    log.event(type="session.ended")
    log.event(MATTER_B)
    log.heads()
    return log


def sample_disclosed(log: Log) -> list[bytes]:
    event = json.loads(log.events[1])["id"]
    return [build_disclosed(event, "actor_name", NAME, SALT), build_erased(event, "ip")]


def altered(bundle: bytes, changes: Mapping[str, bytes], *, honest_manifest: bool = True) -> bytes:
    """The bundle with some files replaced; the manifest's digests follow unless told otherwise."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files.update(changes)
    if honest_manifest and "manifest.json" not in changes:
        manifest = json.loads(files["manifest.json"])
        digests = {name: hashlib.sha256(files[name]).hexdigest() for name in manifest["files"]}
        files["manifest.json"] = canonical.encode({**manifest, "files": digests})
    return zipped(files)


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return target.getvalue()


def files_of(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
