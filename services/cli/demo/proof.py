"""The officer's proof: `redwell audit verify` as a process of its own, on a bundle and on an altered one."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from services.cli.demo.instance import python_environment

EVENTS, MANIFEST = "events.ndjson", "manifest.json"


def verify(bundle: Path, fingerprint: str) -> "subprocess.CompletedProcess[str]":
    """Run the offline verifier. It is told the bundle and the pinned fingerprint, and nothing else."""
    command = [sys.executable, "-P", "-m", "services.cli", "audit", "verify", str(bundle)]
    return subprocess.run(  # noqa: S603 -- our own program, no shell
        [*command, "--pin", fingerprint],
        capture_output=True,
        text=True,
        check=False,
        cwd=bundle.parent,
        env=python_environment(),
    )


def alter(bundle: Path, target: Path) -> tuple[bytes, bytes]:
    """Copy a bundle with one byte of one event changed, so that the act looks like somebody else's.

    A forger would also correct the list of digests, so that is done too.

    Returns:
        The line of the event before and after.
    """
    with zipfile.ZipFile(bundle) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    before = contents[EVENTS]
    lines = before.split(b"\n")
    chosen = next((number for number, line in enumerate(lines) if b'"document.fetched"' in line), 0)
    genuine, forged = lines[chosen], blame_another(lines[chosen])
    lines[chosen] = forged
    contents[EVENTS] = b"\n".join(lines)
    old, new = (hashlib.sha256(text).hexdigest().encode() for text in (before, contents[EVENTS]))
    contents[MANIFEST] = contents[MANIFEST].replace(old, new)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as changed:
        for name, content in contents.items():
            changed.writestr(name, content)
    return genuine, forged


def blame_another(event: bytes) -> bytes:
    """The event with the last hex digit of its actor's id changed."""
    start = event.index(b'"id":"', event.index(b'"actor":{')) + len(b'"id":"')
    last = event.index(b'"', start) - 1
    digit = b"0" if event[last : last + 1] != b"0" else b"1"
    return event[:last] + digit + event[last + 1 :]
