"""`redwell doctor`: looks at a data folder, whether its instance runs or not, and changes nothing.

The one exception is the store, which is tried with an empty object that is removed at once.
"""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory
from pydantic import ValidationError

from services.cli.doctor import arrivals, credentials, fixity, folders, gather, service, versions
from services.cli.doctor.database import DatabaseFacts, Place, ask, embedded_place
from services.cli.doctor.finding import Finding, Verdict, mend, needs_mending, note
from services.cli.doctor.roots import examine_roots
from services.cli.doctor.rotation import examine_rotation
from services.cli.up import data_root, settings_from_environment
from services.host.prepare import DATABASE, MIGRATIONS
from services.kernel.clock import system_clock
from services.kernel.store_settings import StoresSettings
from services.keys.certificates import read_validity
from services.keys.errors import KeysError

LOCK = Path(__file__).resolve().parents[3] / "requirements.lock"
EMBEDDED_OPS = "localhost:8444"
SERVICES_OPS = tuple(f"127.0.0.1:{port}" for port in range(9101, 9105))
FINE, TO_MEND, CANNOT_LOOK = 0, 1, 2
_MARKS = {Verdict.FINE: "ok  ", Verdict.NOTE: "note", Verdict.MEND: "MEND"}


class CannotLookError(Exception):
    """There is nothing to look at, or no right to; the message says which."""


def doctor(data: Path | None, ops: Sequence[str], *, as_json: bool) -> int:
    """Look, print, and return the exit status: 0 fine, 1 something to mend.

    Raises:
        CannotLookError: there is no instance in the folder, or it cannot be entered.
    """
    findings = list(examine(_folder(data), ops))
    print(_document(findings) if as_json else _text(findings))
    return TO_MEND if needs_mending(findings) else FINE


def examine(data: Path, ops: Sequence[str]) -> Iterator[Finding]:
    """All findings about one data folder. `ops`: HOST:PORT of each private port; the usual ones if empty."""
    now, told = system_clock(), settings_from_environment()
    yield from _versions(now)
    yield from folders.look(data)
    for facts in gather.key_facts(Path(told.get("REDWELL_KEYS", data / "keys"))):
        yield credentials.key(facts, now)
    yield credentials.backup_reminder()
    yield from _certificate(data, told, now)
    held = gather.lock_held(data / ".supervisor")
    place = _place(data, told, running=bool(held))
    yield service.running(held=held, told=place is not None)
    for address in () if held is False else ops or _usual_ops(place, held=held):
        yield from service.health(gather.ask_health(address), address)
    yield from _store(data, told)
    yield from arrivals.scanner(told)
    yield from _asked(place, told, now)
    if place is not None:
        yield from examine_roots(data)
        yield from examine_rotation(data, now)


def _folder(data: Path | None) -> Path:
    folder = data_root(data)
    try:
        if not (folder / "database.json").exists():
            raise CannotLookError(f"{folder} holds no Redwell; name its folder with --data.")
        os.listdir(folder / "keys")  # noqa: PTH208 -- whether it can be entered
    except PermissionError as error:
        raise CannotLookError(
            f"{folder} is closed to this user; run it as the user that Redwell runs as."
        ) from error
    except FileNotFoundError as error:
        raise CannotLookError(f"{folder} has no folder of keys; restore it from its backup.") from error
    return folder


def _versions(now: datetime) -> Iterator[Finding]:
    version = sys.version_info
    yield versions.python_version((version.major, version.minor, version.micro), now.date())
    yield versions.packages(LOCK.read_text(), gather.installed_packages())
    yield versions.openssl(ssl.OPENSSL_VERSION)


def _certificate(data: Path, told: dict[str, str], now: datetime) -> Iterator[Finding]:
    shown = gather.edge_certificate(data / "nginx" / "nginx.conf") or data / "tls" / "server.pem"
    chain = Path(told.get("REDWELL_TLS_CHAIN", shown))
    if not chain.exists():
        yield note(
            credentials.TLS, "No certificate lies here; the edge proxy, or --cert, has one of its own."
        )
        return
    try:
        yield credentials.certificate(chain, read_validity(chain), now)
    except KeysError as error:
        yield mend(credentials.TLS, str(error), "Restart Redwell, or restore the file.")


def _place(data: Path, told: dict[str, str], *, running: bool) -> Place | None:
    name = told.get("REDWELL_DATABASE_NAME", DATABASE)
    if host := told.get("REDWELL_DATABASE_HOST"):
        return Place(host, int(told.get("REDWELL_DATABASE_PORT", "5432")), name, data / "database.json")
    return embedded_place(data, name) if running else None


def _usual_ops(place: Place | None, *, held: bool | None) -> tuple[str, ...]:
    """The private ports of what should be running; none where that cannot be said."""
    if held:
        return (EMBEDDED_OPS,)
    return SERVICES_OPS if held is None and place is not None else ()


def _store(data: Path, told: dict[str, str]) -> Iterator[Finding]:
    named = {name.removeprefix("REDWELL_").lower(): value for name, value in told.items()}
    try:
        settings = StoresSettings.model_validate({"objects": data / "objects", **named})
    except ValidationError as error:
        wrong = "; ".join(found["msg"] for found in error.errors())
        yield mend(service.INSTANCE, f"The store's settings are wrong: {wrong}.", "See docs/operations.md.")
        return
    if settings.store == "s3" or settings.objects.exists():
        yield service.store(settings.store_text, asyncio.run(gather.store_problem(settings)))
    for name, other in sorted(settings.stores.items()):
        yield service.store(f"{name}, {other.store_text}", asyncio.run(gather.store_problem(other)))


def _asked(place: Place | None, told: dict[str, str], now: datetime) -> Iterator[Finding]:
    """What the database and the log in it say; the clock alone where there is none to ask."""
    facts = None
    if place is not None:
        try:
            facts = asyncio.run(ask(place))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            yield service.database(str(error) or type(error).__name__)
    if facts is None:
        yield service.clock(now, None, None)
        return
    yield service.database(None)
    yield service.connection(encrypted=facts.encrypted, local=facts.local)
    yield from _database(facts, now)
    if facts.arrivals is not None:
        yield arrivals.waiting(facts.arrivals, told, now)


def _database(facts: DatabaseFacts, now: datetime) -> Iterator[Finding]:
    yield versions.postgres_version(facts.version, now.date())
    yield from versions.durable(facts.durable)
    yield versions.schema(facts.revision, *_revisions())
    if facts.log is not None:
        yield from service.log(facts.log, now)
    if facts.fixity is not None:
        yield fixity.verified(facts.fixity, now)
        yield fixity.belongs(facts.fixity, now)
    yield service.clock(now, facts.now, facts.log.signed_at if facts.log else None)


def _revisions() -> tuple[str, frozenset[str]]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    return str(script.get_current_head()), frozenset(found.revision for found in script.walk_revisions())


def _document(findings: list[Finding]) -> str:
    verdict = Verdict.MEND if needs_mending(findings) else Verdict.FINE
    return json.dumps({"verdict": verdict, "findings": [found.to_json() for found in findings]}, indent=2)


def _text(findings: list[Finding]) -> str:
    lines = []
    for found in sorted(findings, key=lambda finding: finding.area):
        lines.append(f"{_MARKS[found.verdict]}  {found.area}: {found.text}")
        if found.next is not None:
            lines.append(f"        Next: {found.next}")
    count = sum(found.verdict is Verdict.MEND for found in findings)
    lines.append(f"{count} to mend." if count else "Nothing needs mending.")
    return "\n".join(lines)
