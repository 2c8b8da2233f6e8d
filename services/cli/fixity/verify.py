"""`redwell verify`: its settings, its progress on a terminal, and its result in words or JSON."""

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from services.cli.doctor.finding import size_text
from services.cli.fixity.place import FAILURES, connected, settings_of
from services.docs_api.fixity.checking import Checker
from services.docs_api.fixity.pace import Bound
from services.docs_api.fixity.selection import Selection, bytes_a_second
from services.docs_api.fixity.verifier import AlreadyVerifyingError, Outcome, Progress, Verifier
from services.docs_api.keychain import Keychain
from services.evidence.recorder import Recorder
from services.kernel.clock import system_clock, timestamp
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.opening import open_roots
from services.storage.stores import open_stores
from services.tables.roles import Role

FINE, DAMAGED, CANNOT_LOOK = 0, 1, 2
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed. `opened` None: where the root key is at hand."""

    data: Path | None
    firm: UUID | None
    matter: UUID | None
    version: UUID | None
    since_days: int | None
    rate: str
    opened: bool | None
    restart: bool


def verify_store(wish: Wish, *, as_json: bool) -> int:
    """Verify, print, and return the exit status: 0 fine, 1 damage, 2 cannot look."""
    try:
        outcome = asyncio.run(_verify(wish, settings_of(wish.data)))
    except ValidationError as error:
        print(f"redwell: {'; '.join(each['msg'] for each in error.errors())}", file=sys.stderr)
        return CANNOT_LOOK
    except (*FAILURES, AlreadyVerifyingError) as error:
        print(f"redwell: {str(error) or type(error).__name__}", file=sys.stderr)
        return CANNOT_LOOK
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return _INTERRUPTED
    print(json.dumps(_document(outcome), indent=2) if as_json else _text(outcome))
    return DAMAGED if outcome.damaged else FINE


async def _verify(wish: Wish, settings: Settings) -> Outcome:
    bound, keys = Bound(bytes_a_second(wish.rate)), KeyDirectory(settings.keys)
    opened = keys.has(KeyFile.ROOT) if wish.opened is None else wish.opened
    root = keys.secret(KeyFile.ROOT) if opened else None
    subjects = keys.secret(KeyFile.SUBJECTS)
    selection = Selection(wish.firm, wish.matter, wish.version, wish.since_days, opened)
    recorder = Recorder(settings, Role.VERIFIER, subjects, system_clock)
    async with (
        open_stores(settings, str(subjects.name.id)) as stores,
        connected(settings, Role.VERIFIER) as connection,
    ):
        checker = Checker(stores, Keychain(open_roots(settings, keys)) if root else None, bound)
        grace = timedelta(seconds=settings.orphan_grace_seconds)
        verifier = Verifier(connection, checker, recorder, grace)
        if root is not None:
            await verifier.require_roots(keys, root)
        run = await verifier.begin(selection, restart=wish.restart)
        if run.resumed:
            print(f"Goes on with what began at {timestamp(run.started_at)}.", file=sys.stderr)
        return await verifier.carry_out(run, _show)


def _show(progress: Progress) -> None:
    if sys.stderr.isatty():
        done, of = size_text(progress.sealed_bytes_done), size_text(progress.sealed_bytes)
        text = f"{progress.versions_done} of {progress.versions} versions, {done} of {of}"
        print(f"\r\x1b[K{text}, {progress.damaged} damaged", end="", file=sys.stderr, flush=True)
        if progress.versions_done >= progress.versions:
            print(file=sys.stderr)


def _document(outcome: Outcome) -> dict[str, object]:
    run = outcome.run
    return {
        "run": str(run.id),
        "resumed": run.resumed,
        "whole": run.selection.whole,
        "started_at": timestamp(run.started_at),
        "ended_at": timestamp(outcome.ended_at),
        "versions": outcome.versions,
        "opened": outcome.opened,
        "bytes": outcome.sealed_bytes,
        "unnamed_objects": outcome.unnamed,
        "damaged": [
            {
                "firm": str(row["tenant_id"]),
                "matter": str(row["matter_id"]),
                "document": str(row["document_id"]),
                "version": str(row["version_id"]),
                "finding": row["finding"],
            }
            for row in outcome.damaged
        ],
    }


def _text(outcome: Outcome) -> str:
    size = size_text(outcome.sealed_bytes)
    lines = [f"{outcome.versions} versions, {size} sealed; {outcome.opened} of them opened and compared."]
    lines += [
        f"DAMAGED  version {row['version_id']} of document {row['document_id']} "
        f"(matter {row['matter_id']}, firm {row['tenant_id']}): {row['finding']}"
        for row in outcome.damaged
    ]
    if outcome.unnamed:
        lines.append(f"{outcome.unnamed} objects are named by no row; the sweep removes them.")
    lines.append(f"{len(outcome.damaged)} damaged." if outcome.damaged else "Nothing is damaged.")
    return "\n".join(lines)
