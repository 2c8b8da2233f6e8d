"""`redwell keys rotate | status`."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from services.auth.signing.rows import KeyRow, State, signing_keys
from services.cli.doctor import gather
from services.cli.doctor.credentials import KeyFacts
from services.cli.doctor.finding import age_text
from services.cli.keys.place import database_of, settings_of
from services.docs_api.rotation.looking import FirmKeyState, KeyStates, UnfinishedRotation, key_states
from services.docs_api.rotation.opening import KeyRows
from services.docs_api.rotation.rotator import Rotator, only_rotator
from services.docs_api.rotation.rows import Rotations
from services.evidence.recorder import Recorder
from services.host.errors import HostError
from services.kernel.clock import system_clock
from services.kernel.database import UNREACHABLE
from services.kernel.settings import Settings
from services.keys.errors import KeysError
from services.keys.files import KeyDirectory, KeyFile
from services.keys.opening import open_roots
from services.tables.roles import Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be rotated; nothing of it: only what was interrupted."""

    root: bool = False
    firm: UUID | None = None
    matter: UUID | None = None
    everything: bool = False


def rotate(data: Path | None, wanted: Wanted, tell: Callable[[str], None]) -> None:
    """Rotate, telling of each key when it is done (raises HostError, KeysError, ValidationError)."""
    asyncio.run(_rotate(data, wanted, tell))


@dataclass(frozen=True, slots=True)
class AllKeys:
    """The key files, the keys in the database, and those that tokens are and were signed with."""

    files: list[KeyFacts]
    states: KeyStates
    signing: list[KeyRow]


def status(data: Path | None) -> AllKeys:
    """What keys there are (raises HostError, KeysError, ValidationError)."""
    return asyncio.run(_status(settings_of(data)))


def stage_root(data: Path | None) -> str:
    """Make the next root key; what is to be said of it (raises as `rotate` does)."""

    async def run() -> UUID:
        async with _rotator(settings_of(data), print) as rotator:
            return await rotator.stage_root()

    key = asyncio.run(run())
    return (
        f"root-{key}.key is the next root key. Copy it beside root.key wherever the vault runs, then rotate."
    )


async def _rotate(data: Path | None, wanted: Wanted, tell: Callable[[str], None]) -> None:
    try:
        async with _rotator(settings_of(data), tell) as rotator:
            await _do(rotator, wanted)
    except (asyncpg.PostgresError, *UNREACHABLE) as error:
        raise HostError(
            f"The database ended it: {error or type(error).__name__}. Run `redwell keys rotate` to go on."
        ) from error


async def _do(rotator: Rotator, wanted: Wanted) -> None:
    done = await rotator.go_on()
    if (wanted.root or wanted.everything) and not any(each.level == "root" for each in done):
        await rotator.root()
    if wanted.firm is not None or wanted.everything:
        await rotator.firm(wanted.firm, done)
    if wanted.matter is not None or wanted.everything:
        await rotator.matter(wanted.matter, done)
    if not done and wanted == Wanted():
        rotator.tell("No rotation was interrupted. Say what to rotate: --root, --firm, --matter or --all.")


@asynccontextmanager
async def _rotator(settings: Settings, tell: Callable[[str], None]) -> AsyncIterator[Rotator]:
    keys = KeyDirectory(settings.keys)
    recorder = Recorder(settings, Role.ROTATOR, keys.secret(KeyFile.SUBJECTS), system_clock)
    async with database_of(settings, Role.ROTATOR) as connection, only_rotator(connection):
        rows = KeyRows(connection, open_roots(settings, keys), Rotations(connection, recorder))
        yield Rotator(rows, keys, tell)


async def _status(settings: Settings) -> AllKeys:
    async with database_of(settings, Role.ROTATOR) as connection:
        files = [*gather.key_facts(settings.keys), *_other_roots(settings.keys)]
        return AllKeys(files, await key_states(connection), await signing_keys(connection))


def _other_roots(folder: Path) -> list[KeyFacts]:
    found = []
    for key in KeyDirectory(folder).other_roots():
        name = f"root-{key}.key"
        made_at = datetime.fromtimestamp((folder / name).stat().st_mtime, UTC)
        found.append(KeyFacts(name, made_at, str(key), _problem(KeyDirectory(folder), key)))
    return found


def _problem(keys: KeyDirectory, key: UUID) -> str | None:
    try:
        keys.root(key)
    except KeysError as error:
        return str(error)
    return None


def document(keys: AllKeys, now: datetime) -> str:
    """What programs read."""
    states = keys.states
    told = {
        "files": [asdict(each) for each in keys.files],
        "firms": [asdict(each) for each in states.firms],
        "unfinished": [asdict(each) for each in states.unfinished],
        "roots": states.roots,
        "signing": [{**asdict(each), "state": each.state(now)} for each in keys.signing],
    }
    return json.dumps(told, indent=2, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def text(keys: AllKeys, now: datetime) -> str:
    """What people read."""
    states = keys.states
    lines = [_file_line(each, states, now) for each in keys.files]
    lines += [_signing_line(each, now) for each in keys.signing if each.state(now) is not State.RETIRED]
    lines += [_firm_line(each, now) for each in states.firms]
    lines += [unfinished_text(each, now) for each in states.unfinished]
    return "\n".join(lines)


def _file_line(file: KeyFacts, states: KeyStates, now: datetime) -> str:
    if file.made_at is None or file.problem is not None:
        return f"{file.file}: {file.problem or 'is not here'}"
    line = f"{file.file}: {file.id}, {age_text(file.made_at, now)} old"
    if not file.file.startswith("root"):
        return line
    count = states.roots.get(file.id or "", 0)
    return f"{line}, {count} firm keys lie under it" if count else f"{line}, nothing lies under it"


def _signing_line(key: KeyRow, now: datetime) -> str:
    line = f"signing key {key.kid}: {key.state(now)}, published {age_text(key.created_at, now)} ago"
    return line if key.retired_at is None else f"{line}, until {key.retired_at:%Y-%m-%d %H:%M:%S} UTC"


def _firm_line(firm: FirmKeyState, now: datetime) -> str:
    line = f"firm {firm.firm}: key {firm.key}, {age_text(firm.created_at, now)} old, under {firm.root}"
    if firm.oldest_matter_key is None:
        return line
    return f"{line}; keys of {firm.matter_keys} matters, the oldest {age_text(firm.oldest_matter_key, now)}"


def unfinished_text(rotation: UnfinishedRotation, now: datetime) -> str:
    """That it is not over, in one line."""
    of = "" if rotation.level == "root" else f" of {rotation.matter or rotation.tenant}"
    began = age_text(rotation.started_at, now)
    return (
        f"The rotation of the {rotation.level} key{of} began {began} ago and is not over; {rotation.moved} "
        f"keys were moved from {rotation.old} to {rotation.new}."
    )
