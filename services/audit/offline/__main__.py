"""`python -m services.audit.offline BUNDLE --pin SHA256:...`: verify a bundle and say what it proves.

Exit codes: 0 verified, 1 refused, 2 wrong usage, 3 in order but unpinned.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.audit.offline.errors import BundleError, PinError
from services.audit.offline.report import render, render_refusal
from services.audit.offline.verify import verify_bundle

VERIFIED, REFUSED, USAGE, UNPINNED = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        earlier = [path.read_bytes() for path in options.checkpoint]
        options.bundle.open("rb").close()
        report = verify_bundle(options.bundle, options.pin, origin=options.origin, earlier=earlier)
    except BundleError as refusal:
        sys.stdout.write(render_refusal(refusal))
        return REFUSED
    except (PinError, OSError) as exc:
        parser.error(str(exc))
    sys.stdout.write(render(report))
    return VERIFIED if report.pinned else UNPINNED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.audit.offline",
        description="Verify a bundle of evidence offline.",
        epilog="exit codes: 0 verified, 1 refused, 2 wrong usage, 3 in order but unpinned",
    )
    parser.add_argument("bundle", type=Path, help="the bundle file (.zip)")
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
