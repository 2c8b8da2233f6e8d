"""`redwell keys assign | revoke | reinstate | roots`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from services.cli.keys.place import database_of, settings_of
from services.docs_api.roots.canaries import roots_elsewhere, why_not
from services.docs_api.roots.choosing import Choosing, FirmState
from services.evidence.recorder import Recorder
from services.kernel.clock import system_clock
from services.keys.files import KeyDirectory, KeyFile
from services.keys.opening import open_roots
from services.tables.roles import Role

FILE = "file"


def assign(data: Path | None, firm: UUID, root: str) -> str:
    """Choose a firm's root; what is to be said of it (raises HostError, KeysError, ValidationError)."""
    return asyncio.run(_assign(data, firm, root))


def revoke(data: Path | None, firm: UUID) -> str:
    async def run() -> None:
        async with _choosing(data) as choosing:
            await choosing.revoke(firm)

    asyncio.run(run())
    return f"Nothing of the firm {firm} is opened or sealed any more, until `redwell keys reinstate`."


def reinstate(data: Path | None, firm: UUID) -> str:
    async def run() -> None:
        async with _choosing(data) as choosing:
            await choosing.reinstate(firm)

    asyncio.run(run())
    return f"The root key of the firm {firm} is used again."


def show(data: Path | None, *, as_json: bool) -> tuple[str, bool]:
    """What there is to be said of all firms' roots, and whether all may be used."""
    firms, wrong = look(data)
    shut = [firm for firm in firms if firm.revoked_at is not None]
    usable = not shut and not any(wrong.values())
    return (_document(firms, wrong) if as_json else _text(firms, wrong)), usable


def look(data: Path | None) -> tuple[list[FirmState], dict[str, str | None]]:
    """All firms, and of each root that is kept elsewhere, why it may not be used."""
    return asyncio.run(_look(data))


async def _assign(data: Path | None, firm: UUID, root: str) -> str:
    async with _choosing(data) as choosing:
        keys = KeyDirectory(settings_of(data).keys)
        root_id = str(keys.secret(KeyFile.ROOT).name.id) if root == FILE else root
        under = await choosing.choose(firm, root_id)
    if under not in {None, root_id}:
        return (
            f"The firm {firm} has a key under {under}, which stays there until it is rotated: "
            f"`redwell keys rotate`. Its next key will lie under {root_id}."
        )
    return f"The keys of the firm {firm} lie under {root_id}."


async def _look(data: Path | None) -> tuple[list[FirmState], dict[str, str | None]]:
    async with _choosing(data) as choosing:
        connection = choosing.connection
        elsewhere = await roots_elsewhere(connection)
        wrong = {root: await why_not(connection, choosing.roots, root) for root in elsewhere}
        return await choosing.firms(), wrong


@asynccontextmanager
async def _choosing(data: Path | None) -> AsyncIterator[Choosing]:
    settings = settings_of(data)
    keys = KeyDirectory(settings.keys)
    roots = open_roots(settings, keys)
    recorder = Recorder(settings, Role.SWEEPER, keys.secret(KeyFile.SUBJECTS), system_clock)
    await recorder.open()
    try:
        async with database_of(settings) as connection:
            yield Choosing(connection, recorder, roots)
    finally:
        await recorder.close()


def _document(firms: list[FirmState], wrong: dict[str, str | None]) -> str:
    rows = [
        {
            "firm": str(firm.firm),
            "root": firm.lies_under,
            "next_root": firm.chosen,
            "revoked_at": None if firm.revoked_at is None else firm.revoked_at.isoformat(),
        }
        for firm in firms
    ]
    roots = [{"root": root, "usable": why is None, "why_not": why} for root, why in wrong.items()]
    return json.dumps({"firms": rows, "roots_elsewhere": roots}, indent=2)


def _text(firms: list[FirmState], wrong: dict[str, str | None]) -> str:
    lines = [_line(firm) for firm in firms]
    lines += [f"{root}: {why or 'may be used'}" for root, why in wrong.items()]
    return "\n".join(lines) or "No firm has a key yet."


def _line(firm: FirmState) -> str:
    line = f"{firm.firm}  {firm.lies_under or 'has no key yet'}"
    if firm.chosen not in {None, firm.lies_under}:
        line += f", the next under {firm.chosen}"
    return line if firm.revoked_at is None else f"{line}  REVOKED {firm.revoked_at:%Y-%m-%d %H:%M} UTC"
