"""`redwell up`: supervisor, embedded Postgres, local certificate, and workers with the whole product."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from services.audit.offline.note import fingerprint
from services.auth.bootstrap import ensure_platform
from services.docs_api.canary import ensure_canary
from services.host.accounts import ensure_folder
from services.host.errors import HostError
from services.host.listeners import Address
from services.host.places import require_places
from services.host.postgres import PostgresOptions
from services.host.prepare import (
    DATABASE,
    passwords_of_services,
    prepare_database,
    read_or_create_passwords,
)
from services.host.room import room_needed
from services.host.server import TLSFiles, tls_context
from services.host.store import require_store
from services.host.supervisor import DEFAULT_LISTEN, DEFAULT_OPS, HostOptions, Supervisor
from services.kernel.clock import system_clock
from services.kernel.logs import configure
from services.kernel.settings import Settings
from services.kernel.store_settings import StoreSettings
from services.keys.certificates import ensure_certificates
from services.keys.files import SYMMETRIC, KeyDirectory, KeyFile
from services.keys.opening import kms_options

_ORIGIN = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


@dataclass(frozen=True)
class UpOptions:
    """What `redwell up` was told.

    `tls` None means a certificate of the local CA. `settings`: further `REDWELL_*` variables for the workers.
    """

    data: Path
    worker_command: Sequence[str]
    listen: Address = DEFAULT_LISTEN
    ops: Address = DEFAULT_OPS
    workers: int = 1
    public_url: str | None = None
    tls: TLSFiles | None = None
    insecure_listen: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    postgres: PostgresOptions = field(default_factory=PostgresOptions)


@dataclass(frozen=True)
class Announcement:
    """What the person who started it should know. `operator_code` is None once there is an operator."""

    url: str
    operator_code: str | None
    fingerprint: str
    ca: Path | None
    data: Path


class InsecureListenError(HostError):
    """Other machines could connect, and would be shown a certificate that nothing vouches for."""


def run_up(options: UpOptions, announce: Callable[[Announcement], None]) -> None:
    """Serve until told to stop; `announce` is called once everything answers.

    Raises:
        HostError, KeysError: one sentence on what prevents the start.
        ValidationError: the settings of the store are wrong.
    """
    if not options.listen.loopback and options.tls is None and not options.insecure_listen:
        raise InsecureListenError(
            f"{options.listen} is open to other machines but there is no real certificate: give --cert and "
            "--key, or say --insecure-listen to serve them the local CA's certificate."
        )
    _check_public_url(options.public_url)
    if options.tls is not None:
        _check_pair(options.tls)
    configure("info")
    with room_needed(options.data):
        _run(options, announce)


def _run(options: UpOptions, announce: Callable[[Announcement], None]) -> None:
    try:
        ensure_folder(options.data)
    except OSError as error:
        raise HostError(
            f"The folder {options.data} cannot be made or used: {error.strerror}; choose another with --data."
        ) from error
    instance = _Instance(options)
    instance.require_settings()
    host = HostOptions(
        data=options.data,
        worker_command=options.worker_command,
        environment=instance.environment(),
        listen=options.listen,
        ops=options.ops,
        workers=options.workers,
        postgres=options.postgres,
    )
    supervisor = Supervisor(host, instance.prepare)
    instance.supervisor = supervisor
    supervisor.run(lambda _: announce(instance.announcement()))


def _check_public_url(url: str | None) -> None:
    """It becomes the issuer of every token and part of every log's name, so a slip must not get that far."""
    if url is not None and not _ORIGIN.fullmatch(url):
        raise HostError(
            "REDWELL_PUBLIC_URL must be an origin, https://HOST or https://HOST:PORT, and no more."
        )


def _check_pair(tls: TLSFiles) -> None:
    for file in (tls.chain, tls.key):
        if not file.is_file():
            raise HostError(f"{file} is not there.")
    try:
        tls_context(tls)
    except (OSError, ValueError) as error:
        raise HostError(
            f"{tls.chain} and {tls.key} are no certificate chain and its unencrypted key in PEM: {error}."
        ) from error


class _Instance:
    """The folder of one instance, and what its workers are told of it."""

    def __init__(self, options: UpOptions) -> None:
        self.options = options
        self.supervisor: Supervisor | None = None
        self.operator_code: str | None = None
        self.ca: Path | None = None
        self.passwords_file = options.data / "database.json"
        self.keys = KeyDirectory(options.data / "keys")
        if not self.passwords_file.exists():
            # Only on a first start: a key made in place of a lost one would open nothing.
            self.keys.ensure()
        self._read_keys()

    def _read_keys(self) -> None:
        """Find out here, in one sentence, what every worker would stumble over."""
        for file in SYMMETRIC:
            self.keys.secret(file)
        for file in (KeyFile.TOKEN, KeyFile.GATEWAY):
            self.keys.signing_key(file)
        self.keys.log_key()

    def require_settings(self) -> None:
        """Find out before anything is started what the store's settings lack (raises ValidationError)."""
        told = self.options.settings.items()
        named = {name.removeprefix("REDWELL_").lower(): value for name, value in told}
        StoreSettings.model_validate({**named, "objects": self.options.data / "objects"})

    def environment(self) -> dict[str, str]:
        data, options = self.options.data, self.options
        tls = options.tls or self._local_certificate()
        return {
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "REDWELL_MAIL_URL": f"file://{quote(str(data / 'mail'))}",
            **options.settings,
            "REDWELL_KEYS": str(data / "keys"),
            "REDWELL_OBJECTS": str(data / "objects"),
            "REDWELL_TLS_CHAIN": str(tls.chain),
            "REDWELL_TLS_KEY": str(tls.key),
        }

    def _local_certificate(self) -> TLSFiles:
        names = {"localhost", "127.0.0.1", "::1", urlsplit(self._url(0)).hostname or "localhost"}
        paths = ensure_certificates(self.options.data / "tls", sorted(names), system_clock())
        self.ca = paths.ca
        return TLSFiles(paths.chain, paths.key)

    def _url(self, port: int) -> str:
        return self.options.public_url or f"https://localhost:{port}"

    def prepare(self, superuser_dsn: str | None) -> dict[str, str]:
        """Make database, roles, schema and the platform; returns what the workers need to reach them."""
        assert superuser_dsn is not None, "the embedded shape has a Postgres"
        assert self.supervisor is not None
        passwords = read_or_create_passwords(self.passwords_file)
        added = {
            "REDWELL_PUBLIC_URL": self._url(self.supervisor.public_port),
            "REDWELL_DATABASE_HOST": str(self.supervisor.socket_directory),
            "REDWELL_DATABASE_NAME": DATABASE,
            "REDWELL_DATABASE_PASSWORDS": json.dumps(passwords_of_services(passwords)),
        }
        settings = Settings.from_environment({**self.environment(), **added})
        asyncio.run(self._prepare(superuser_dsn, passwords, settings))
        return added

    async def _prepare(self, dsn: str, passwords: dict[str, str], settings: Settings) -> None:
        kms_options(settings)
        require_places(settings)
        await require_store(settings)
        await prepare_database(dsn, passwords)
        await ensure_canary(settings, self.keys.secret(KeyFile.ROOT), system_clock())
        self.operator_code = await ensure_platform(settings, system_clock)

    def announcement(self) -> Announcement:
        assert self.supervisor is not None
        return Announcement(
            url=self._url(self.supervisor.public_port),
            operator_code=self.operator_code,
            fingerprint=fingerprint(self.keys.log_key().public_bytes),
            ca=self.ca,
            data=self.options.data,
        )
