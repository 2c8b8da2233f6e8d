"""`python -m services.audit.offline FILE --pin SHA256:...`: verify a bundle or a receipt; say what it proves.

Exit codes: 0 verified, 1 refused, 2 wrong usage, 3 in order but unpinned.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.audit.offline.errors import BundleError, PinError, ReceiptError, UnusableError
from services.audit.offline.receipt import MAX_RECEIPT_BYTES, verify_receipt
from services.audit.offline.report import render, render_receipt, render_refusal
from services.audit.offline.verify import verify_bundle

VERIFIED, REFUSED, USAGE, UNPINNED = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        told, pinned = _verified(options)
    except (BundleError, ReceiptError) as refusal:
        sys.stdout.write(render_refusal(refusal))
        return REFUSED
    except (PinError, UnusableError, OSError) as exc:
        parser.error(str(exc))
    sys.stdout.write(told)
    return VERIFIED if pinned else UNPINNED


def _verified(options: argparse.Namespace) -> tuple[str, bool]:
    with options.file.open("rb") as opened:
        start = opened.read(MAX_RECEIPT_BYTES + 2)  # a line end, and one more that shows it to be too long
    if not start.startswith(b"{"):
        earlier = [path.read_bytes() for path in options.checkpoint]
        report = verify_bundle(options.file, options.pin, origin=options.origin, earlier=earlier)
        return render(report), report.pinned
    if options.checkpoint:
        raise UnusableError("A receipt proves nothing about checkpoints kept from before; export a bundle.")
    receipt = verify_receipt(start, options.pin, origin=options.origin)
    return render_receipt(receipt), receipt.pinned


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.audit.offline",
        description="Verify a bundle of evidence, or a receipt, offline.",
        epilog="exit codes: 0 verified, 1 refused, 2 wrong usage, 3 in order but unpinned",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the bundle (.zip) or receipt (.json)")
    parser.add_argument("--pin", help="fingerprint of the log key, SHA256:..., noted when it was set up")
    parser.add_argument("--origin", help="name of the log, if you know which it must be")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        help="a checkpoint of this log kept from before, which the bundle must extend; may be repeated",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
