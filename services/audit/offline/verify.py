"""The verification procedure: what must hold before a bundle is called verified.

 1. The file is a zip of exactly the seven files, within limits; the manifest is in form.
 2. The log key has the pinned fingerprint, and its name is the manifest's origin (and the expected log).
 3. The checkpoint is signed by that key for that origin, and its size is the manifest's.
 4. There are exactly as many leaves as the checkpoint says; each is in form, of this log, at its index.
 5. The leaves hash to the checkpoint's root; each earlier checkpoint is a prefix of them.
 6. Each matter is numbered from 1 without a gap; heads leaves name the true head of every matter touched.
 7. Each event hashes to a leaf, in the leaves' order, is in form, of this organization and the leaf's matter.
 8. No event is missing that the filter promises: all without a filter, all of a matter for a matter's filter.
 9. Each disclosed value gives the commitment in its event.
10. Each file is the one the manifest names.

Everything is read once, line by line. Kept in memory: one number for each matter, and one line of each file.
Without a pin all steps but the pin are done, and the report says UNPINNED: whoever made the bundle may have
made the key.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.audit.offline import merkle, note
from services.audit.offline.bundle import Bundle, open_bundle
from services.audit.offline.checkpoint import Checkpoint, verify_checkpoint
from services.audit.offline.disclosure import MAX_DISCLOSED_BYTES, Disclosures
from services.audit.offline.errors import (
    CheckpointRefusedError,
    EventRefusedError,
    FormatError,
    IncompleteError,
    LeafRefusedError,
    MatterGapError,
    OfflineError,
    RootMismatchError,
    WrongLogError,
)
from services.audit.offline.events import MAX_EVENT_BYTES, Event, parse_event
from services.audit.offline.leaves import MAX_LEAF_BYTES, EventLeaf, HeadsLeaf, Leaf, parse_leaf
from services.audit.offline.manifest import Manifest
from services.audit.offline.note import VerifierKey
from services.audit.offline.report import Report, Scope


def verify_bundle(
    path: Path, pin: str | None, *, origin: str | None = None, earlier: Iterable[bytes] = ()
) -> Report:
    """Verify a bundle offline.

    Args:
        path: the bundle file.
        pin: fingerprint of the log key (`SHA256:...`) from a source other than the bundle; None: unpinned.
        origin: the log's name, if the caller knows which log it must be.
        earlier: signed checkpoints of this log kept from before, which the bundle must extend.

    Returns:
        What was established. It is verified only if `report.pinned`.

    Raises:
        BundleError: the bundle is refused; the subclass tells the step.
        PinError: `pin` is not a fingerprint.
    """
    if pin is not None:
        note.require_pin(pin)
    with open_bundle(path) as bundle:  # step 1
        key = _log_key(bundle, pin, origin)
        checkpoint = _checkpoint(bundle, key)
        tree = _Tree(checkpoint, _kept_checkpoints(earlier, key, checkpoint))
        matters = _Matters()
        disclosures = Disclosures(bundle.lines("disclosed.ndjson", MAX_DISCLOSED_BYTES))
        events = _Events(bundle, disclosures)
        for leaf in tree.leaves(bundle.lines("leaves.ndjson", MAX_LEAF_BYTES)):
            matters.take(leaf)
            events.take(leaf)
        matters.finish()
        events.finish()
        bundle.read("README.txt")
        bundle.verify_digests()  # step 10
        return Report(
            pinned=pin is not None,
            fingerprint=note.fingerprint(key.public_key),
            checkpoint=checkpoint,
            manifest=bundle.manifest,
            scope=events.scope,
            events=events.count,
            outcomes=dict(sorted(events.outcomes.items())),
            first_at=events.first_at,
            last_at=events.last_at,
            matters=matters.count,
            earlier=tree.earlier_count,
            disclosed=disclosures.disclosed,
            erased=disclosures.erased,
            withheld=disclosures.withheld,
        )


def _log_key(bundle: Bundle, pin: str | None, origin: str | None) -> VerifierKey:
    """Step 2."""
    try:
        text = bundle.read("log-key").decode("ascii")
        key = VerifierKey.parse(text[:-1])
    except (UnicodeDecodeError, FormatError) as exc:
        raise WrongLogError("The bundle's log-key is not a verifier key.") from exc
    if text != f"{key}\n":
        raise WrongLogError("The bundle's log-key is not exactly one line.")
    if pin is not None and note.fingerprint(key.public_key) != pin:
        raise WrongLogError("The bundle's log key is not the one you pinned.")
    if key.name != bundle.manifest.origin:
        raise WrongLogError("The bundle's log key and manifest name different logs.")
    if origin is not None and key.name != origin:
        raise WrongLogError("The bundle is of another log than the one you named.")
    return key


def _checkpoint(bundle: Bundle, key: VerifierKey) -> Checkpoint:
    """Step 3."""
    try:
        checkpoint = verify_checkpoint(bundle.read("checkpoint"), key)
    except OfflineError as exc:
        raise CheckpointRefusedError(str(exc)) from exc
    if checkpoint.size != bundle.manifest.size:
        raise CheckpointRefusedError("The checkpoint's size is not the manifest's.")
    return checkpoint


def _kept_checkpoints(earlier: Iterable[bytes], key: VerifierKey, checkpoint: Checkpoint) -> list[Checkpoint]:
    """The kept checkpoints, smallest first; for step 5."""
    try:
        kept = [verify_checkpoint(raw, key) for raw in earlier]
    except OfflineError as exc:
        raise RootMismatchError(f"A checkpoint you kept is not one of this log. {exc}") from exc
    if any(old.size > checkpoint.size for old in kept):
        raise RootMismatchError("The bundle is older than a checkpoint you kept.")
    return sorted(kept, key=lambda old: old.size)


class _Tree:
    """Steps 4 and 5."""

    def __init__(self, checkpoint: Checkpoint, earlier: list[Checkpoint]) -> None:
        self._checkpoint = checkpoint
        self._earlier = iter(earlier)
        self._next_earlier = next(self._earlier, None)
        self._frontier = merkle.Frontier()
        self.earlier_count = len(earlier)

    def leaves(self, lines: Iterable[bytes]) -> Iterator[Leaf]:
        self._compare_earlier()
        for raw in lines:
            yield self._leaf(raw)
            self._compare_earlier()
        if self._frontier.size != self._checkpoint.size:
            raise LeafRefusedError("The bundle holds fewer leaves than the checkpoint signs.")
        if self._frontier.root() != self._checkpoint.root:
            raise RootMismatchError("The leaves are not the ones the checkpoint signs.")

    def _leaf(self, raw: bytes) -> Leaf:
        idx = self._frontier.size
        if idx == self._checkpoint.size:
            raise LeafRefusedError("The bundle holds more leaves than the checkpoint signs.")
        try:
            leaf = parse_leaf(raw)
        except FormatError as exc:
            raise LeafRefusedError(f"Leaf {idx} is not in form. {exc}") from exc
        if leaf.idx != idx or leaf.origin != self._checkpoint.origin:
            raise LeafRefusedError(f"Leaf {idx} belongs to another place or another log.")
        self._frontier.append(merkle.leaf_hash(raw))
        return leaf

    def _compare_earlier(self) -> None:
        while self._next_earlier is not None and self._next_earlier.size == self._frontier.size:
            if self._next_earlier.root != self._frontier.root():
                size = self._frontier.size
                raise RootMismatchError(
                    f"The log was rewritten: it does not extend the one of {size} leaves."
                )
            self._next_earlier = next(self._earlier, None)


class _Matters:
    """Step 6."""

    def __init__(self) -> None:
        self._heads: dict[str, int] = {}
        self._unnamed: set[str] = set()
        self._naming = False

    @property
    def count(self) -> int:
        return len(self._heads)

    def take(self, leaf: Leaf) -> None:
        if isinstance(leaf, HeadsLeaf):
            self._name(leaf)
        elif self._naming and self._unnamed:
            raise MatterGapError(f"The heads leaves before leaf {leaf.idx} do not name every matter touched.")
        else:
            self._naming = False
            self._touch(leaf)

    def finish(self) -> None:
        if self._unnamed:
            raise MatterGapError(
                "No heads leaf before the checkpoint names the head of every matter touched."
            )

    def _touch(self, leaf: EventLeaf) -> None:
        if leaf.matter is None:
            return
        expected = self._heads.get(leaf.matter, 0) + 1
        if leaf.matter_seq != expected:
            raise MatterGapError(f"Leaf {leaf.idx} is not the next of its matter: an event is missing.")
        self._heads[leaf.matter] = expected
        self._unnamed.add(leaf.matter)

    def _name(self, leaf: HeadsLeaf) -> None:
        self._naming = True
        for matter, head in leaf.heads.items():
            if matter not in self._unnamed or self._heads[matter] != head:
                raise MatterGapError(f"Heads leaf {leaf.idx} does not name the true head of a matter.")
            self._unnamed.discard(matter)


class _Events:
    """Steps 7 and 8; step 9 through `Disclosures`."""

    def __init__(self, bundle: Bundle, disclosures: Disclosures) -> None:
        self._lines = bundle.lines("events.ndjson", MAX_EVENT_BYTES)
        self._manifest = bundle.manifest
        self._disclosures = disclosures
        self.scope = _scope(bundle.manifest)
        self.count = 0
        self.outcomes: Counter[str] = Counter()
        self.first_at: str | None = None
        self.last_at: str | None = None
        self._read()

    def take(self, leaf: Leaf) -> None:
        if isinstance(leaf, HeadsLeaf):
            return
        if self._next is not None and self._next_sha256 == leaf.event_sha256:
            self._accept(leaf, self._next)
            self._read()
        elif self._promised(leaf):
            raise IncompleteError(f"The event of leaf {leaf.idx} is missing or altered.")

    def finish(self) -> None:
        if self._next is not None:
            raise EventRefusedError(f"Event {self.count + 1} is altered, out of order, or not in the log.")
        self._disclosures.finish()

    def _read(self) -> None:
        self._next = next(self._lines, None)
        self._next_sha256 = hashlib.sha256(self._next or b"").hexdigest()

    def _promised(self, leaf: EventLeaf) -> bool:
        in_matter = leaf.matter is not None and leaf.matter == self._manifest.filter.get("matter")
        return self.scope is Scope.EVERYTHING or (self.scope is Scope.MATTER and in_matter)

    def _accept(self, leaf: EventLeaf, raw: bytes) -> None:
        self.count += 1
        try:
            event = parse_event(raw)
        except FormatError as exc:
            raise EventRefusedError(f"Event {self.count} is not in form. {exc}") from exc
        if event.tenant != self._manifest.tenant:
            raise EventRefusedError(f"Event {self.count} is of another organization.")
        if event.matter != leaf.matter or leaf.matter != self._manifest.filter.get("matter", leaf.matter):
            raise EventRefusedError(f"Event {self.count} is of another matter.")
        self._disclosures.take(event)
        self._tally(event)

    def _tally(self, event: Event) -> None:
        self.outcomes[event.outcome] += 1
        self.first_at = min(self.first_at or event.ts, event.ts)
        self.last_at = max(self.last_at or event.ts, event.ts)


def _scope(manifest: Manifest) -> Scope:
    if not manifest.filter:
        return Scope.EVERYTHING
    return Scope.MATTER if manifest.filter.keys() == {"matter"} else Scope.SELECTION
