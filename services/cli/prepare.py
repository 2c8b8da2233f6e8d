"""`redwell prepare`: the one step that needs a database administrator, for the services shape."""

import asyncio
import json
import shlex
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from services.audit.offline.note import fingerprint
from services.auth.bootstrap import ensure_platform
from services.cli.up import settings_from_environment
from services.docs_api.canary import ensure_canary
from services.host.errors import HostError
from services.host.prepare import (
    DATABASE,
    check_administrator,
    passwords_of_services,
    prepare_database,
    read_or_create_passwords,
)
from services.host.room import room_needed
from services.host.store import require_store
from services.kernel.clock import system_clock
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.opening import kms_options

_NOT_PRINTED = frozenset(
    f"REDWELL_{of}_{name}"
    for of in ("S3", "KMS")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
)
"""Credentials of the store and of KMS are the vault's alone; the output goes to every service."""


def prepare(data: Path) -> None:
    """Make keys, roles, schema and the platform; print `NAME=value` lines for the services' environment.

    Raises:
        HostError: the administrator's URL is missing, or the server or the store cannot be used.
        KeysError: a key file is damaged, or the root key is not this database's.
    """
    told, url = _told()
    asyncio.run(check_administrator(url))
    data = data.absolute()
    with room_needed(data):
        _prepare_folder(data, told, url)


def _told() -> tuple[dict[str, str], str]:
    """The settings, and the administrator's URL, which is none of the services'."""
    told = {name: value for name, value in settings_from_environment().items() if name.startswith("REDWELL_")}
    url = told.pop("REDWELL_DATABASE_ADMIN_URL", None)
    if url is None:
        raise HostError("REDWELL_DATABASE_ADMIN_URL must name the Postgres, as an administrator reaches it.")
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in ("postgresql", "postgres") and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed:
        # It holds a password, so it is not repeated.
        raise HostError(
            "REDWELL_DATABASE_ADMIN_URL must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special "
            "characters percent-encoded."
        )
    return told, url


def _prepare_folder(data: Path, told: dict[str, str], url: str) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(f"The folder {data} cannot be made: {error.strerror}.") from error
    keys = KeyDirectory(data / "keys")
    keys.ensure()
    passwords = read_or_create_passwords(data / "database.json")
    environment = {
        **told,
        "REDWELL_KEYS": str(keys.path),
        "REDWELL_OBJECTS": told.get("REDWELL_OBJECTS", str(data / "objects")),
        **_place(url),
        "REDWELL_DATABASE_PASSWORDS": json.dumps(passwords_of_services(passwords), separators=(",", ":")),
    }
    code = asyncio.run(_prepare(url, passwords, Settings.from_environment(environment)))
    for name, value in environment.items():
        if name not in _NOT_PRINTED:
            # As a shell and systemd's EnvironmentFile both read it.
            print(f"{name}={shlex.quote(value)}")
    if _NOT_PRINTED & set(environment):
        print("Credentials were not printed; give them to `serve docs` alone.", file=sys.stderr)
    _tell(fingerprint(keys.log_key().public_bytes), code)


def _tell(pin: str, code: str | None) -> None:
    """What is for people goes beside the output, which usually becomes a file."""
    print(f"Fingerprint of the log key, to pin with `redwell audit pin`: {pin}", file=sys.stderr)
    if code is not None:
        print(f"Code that makes the platform's operator, once, within 72 hours: {code}", file=sys.stderr)


async def _prepare(url: str, passwords: dict[str, str], settings: Settings) -> str | None:
    kms_options(settings)
    if settings.store == "s3":  # a folder may be another machine's
        await require_store(settings)
    await prepare_database(url, passwords)
    await ensure_canary(settings, KeyDirectory(settings.keys).secret(KeyFile.ROOT), system_clock())
    return await ensure_platform(settings, system_clock)


def _place(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or "localhost"])[0]
    return {
        "REDWELL_DATABASE_HOST": host,
        "REDWELL_DATABASE_PORT": str(parts.port or parse_qs(parts.query).get("port", ["5432"])[0]),
        "REDWELL_DATABASE_NAME": DATABASE,
    }
