"""Every error this package raises, drawn as one tree.

    OfflineError
    ├── FormatError        bytes that are not in the one form they must have
    ├── ProofError         a Merkle proof that does not prove what is claimed
    ├── SignatureError     a note that the expected key did not sign
    ├── PinError           the pin the caller gave is not a fingerprint
    ├── UnusableError      what the caller gave beside a file does not go with it
    ├── ReceiptError       a receipt that is refused; it holds the step that refused it
    └── BundleError        a bundle that is refused; each subclass names the step that refused it
        ├── NotABundleError         1
        ├── WrongLogError           2
        ├── CheckpointRefusedError  3
        ├── LeafRefusedError        4
        ├── RootMismatchError       5
        ├── MatterGapError          6
        ├── EventRefusedError       7
        ├── IncompleteError         8
        ├── DisclosureError         9
        └── AlteredFileError        10

Each carries one plain sentence and never repeats bytes of what it refuses.
"""

from typing import ClassVar


class OfflineError(Exception):
    """Anything this package refuses."""


class FormatError(OfflineError):
    """Bytes that are not in the one form they must have."""


class ProofError(OfflineError):
    """A Merkle proof that does not prove what is claimed."""


class SignatureError(OfflineError):
    """A note that the expected key did not sign."""


class PinError(OfflineError):
    """The pin the caller gave is not a fingerprint."""


class UnusableError(OfflineError):
    """What the caller gave beside a file does not go with it."""


class ReceiptError(OfflineError):
    """A receipt that is refused; `step` is the step of `receipt.verify_receipt` that refused it."""

    def __init__(self, step: int, sentence: str) -> None:
        super().__init__(sentence)
        self.step = step


class BundleError(OfflineError):
    """A bundle that is refused; `step` is the step of the verification procedure that refused it."""

    step: ClassVar[int]


class NotABundleError(BundleError):
    """The file is not a Redwell bundle that can be read safely."""

    step = 1


class WrongLogError(BundleError):
    """The bundle's log key or log is not the one that was pinned."""

    step = 2


class CheckpointRefusedError(BundleError):
    """The checkpoint is not signed by the log, or is not this bundle's."""

    step = 3


class LeafRefusedError(BundleError):
    """A leaf is missing, misplaced, of another log, or not in form."""

    step = 4


class RootMismatchError(BundleError):
    """The leaves are not the ones the checkpoint signs, or an earlier checkpoint is not extended by them."""

    step = 5


class MatterGapError(BundleError):
    """A matter's numbering has a gap, or its head is not named."""

    step = 6


class EventRefusedError(BundleError):
    """An event is altered, misplaced, of another organization, or not in form."""

    step = 7


class IncompleteError(BundleError):
    """An event that the bundle promises to hold is missing."""

    step = 8


class DisclosureError(BundleError):
    """A disclosed value is not the one its event committed to."""

    step = 9


class AlteredFileError(BundleError):
    """A file of the bundle is not the one its manifest names."""

    step = 10
