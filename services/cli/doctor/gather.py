"""Facts from outside the database: locks, key files, the certificate, the private port, the store."""

import fcntl
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from urllib.parse import urlunsplit

import httpx

from services.audit.offline.note import fingerprint
from services.cli.doctor.credentials import KeyFacts
from services.cli.doctor.service import Health
from services.kernel.store_settings import StoreSettings
from services.keys.errors import KeysError
from services.keys.files import SYMMETRIC, KeyDirectory, KeyFile
from services.storage.directory import DirectoryStore
from services.storage.opening import tried_store
from services.storage.protocol import StoreError

SECONDS = 10
_EDGE_CERTIFICATE = re.compile(r'^\s*ssl_certificate "([^"]+)";', re.MULTILINE)


def lock_held(lock: Path) -> bool | None:
    """Whether some process holds the lock; None where there is no such file."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        # A shared lock for an instant: a supervisor that starts in it tries again.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def edge_certificate(configuration: Path) -> Path | None:
    """The certificate that nginx shows by the configuration of `redwell edge`; None where there is none."""
    try:
        found = _EDGE_CERTIFICATE.search(configuration.read_text())
    except OSError:
        return None
    return Path(found[1]) if found else None


def installed_packages() -> dict[str, str]:
    """Versions by name, as the packages spell themselves in lower case with hyphens."""
    return {
        found.metadata["Name"].lower().replace("_", "-").replace(".", "-"): found.version
        for found in metadata.distributions()
    }


def key_facts(folder: Path) -> Iterator[KeyFacts]:
    """Each key file: its age, and the name that other things know it by."""
    directory = KeyDirectory(folder)
    for file in KeyFile:
        if not directory.has(file):
            yield KeyFacts(str(file), None, None, None)
            continue
        made_at = datetime.fromtimestamp((folder / file).stat().st_mtime, UTC)
        try:
            yield KeyFacts(str(file), made_at, _name(directory, file), None)
        except KeysError as error:
            yield KeyFacts(str(file), made_at, None, str(error))


def _name(directory: KeyDirectory, file: KeyFile) -> str:
    if file in SYMMETRIC:
        return str(directory.secret(file).name.id)
    if file is KeyFile.LOG:
        return fingerprint(directory.log_key().public_bytes)
    return directory.signing_key(file).kid


def ask_health(address: str) -> Health:
    """/livez and /readyz of a private port."""
    base = urlunsplit(("http", address, "", "", ""))
    try:
        with httpx.Client(base_url=base, timeout=SECONDS, trust_env=False) as client:
            if client.get("/livez").json().get("status") != "alive":
                return Health(alive=False)
            answer = client.get("/readyz")
            told = answer.json()
            missing, notes = tuple(told.get("missing", ())), tuple(told.get("notes", ()))
            return Health(True, answer.status_code == httpx.codes.OK, missing, notes)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return Health(alive=False)


async def store_problem(settings: StoreSettings) -> str | None:
    """Why the store would not do what is asked of it; None if it does. A folder is made by nobody here."""
    try:
        if settings.store == "directory":
            await DirectoryStore(settings.objects).check()
        else:
            async with tried_store(settings):
                pass
    except StoreError as error:
        return str(error)
    return None
