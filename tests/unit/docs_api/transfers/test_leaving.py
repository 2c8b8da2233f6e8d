"""Whoever leaves while their fetch is being admitted: what was admitted has an end on record."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from fastapi import Request

from services.docs_api.transfers.admissions import Admitted, Outcome, Wanted
from services.docs_api.transfers.fetch import _admit
from services.docs_api.vault import Vault
from services.evidence.event import Draft
from services.kernel.principal import ADMISSION_KEY, Admission, Principal

WHO = Principal(
    id=uuid4(),
    organization=uuid4(),
    firm=uuid4(),
    session=uuid4(),
    roles=frozenset(),
    scopes=frozenset(),
    acr="aal2",
    amr=(),
    auth_time=datetime.now(UTC),
)
ROW: dict[str, Any] = {"id": uuid4(), "matter_id": uuid4(), "version_id": uuid4(), "length_bytes": 5}


class Recorder:
    """What is recorded here stays here."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []

    async def make_ready(self, _tenant: UUID, _admission: Admission) -> None: ...

    async def append_alone(self, _tenant: UUID, draft: Draft, _admission: Admission) -> None:
        await asyncio.sleep(0)
        self.drafts.append(draft)


class Admissions:
    """Decides when it is told to."""

    def __init__(self, outcome: Outcome | Exception) -> None:
        self.outcome, self.asked, self.decide = outcome, asyncio.Event(), asyncio.Event()

    async def ask(self, _asked: object) -> Outcome:
        self.asked.set()
        await self.decide.wait()
        if isinstance(self.outcome, Exception) and not isinstance(self.outcome, Admitted):
            raise self.outcome
        return self.outcome


async def _left(outcome: Outcome | Exception, times: int) -> list[Draft]:
    """What is recorded when a client that waits is cancelled so many times."""
    recorder, admissions = Recorder(), Admissions(outcome)
    vault = cast("Vault", SimpleNamespace(recorder=recorder, admissions=admissions))
    admission = Admission("documents.fetch", "GET", "/v1/x", uuid4(), "192.0.2.1", "", WHO)
    request = Request({"type": "http", "headers": [], ADMISSION_KEY: admission})
    fetching = asyncio.ensure_future(_admit(vault, request, Wanted(ROW["id"])))
    await admissions.asked.wait()
    for _ in range(times):
        fetching.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    admissions.decide.set()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    return recorder.drafts


@pytest.mark.parametrize("times", [1, 2])
async def test_what_was_admitted_ends_on_record(times: int) -> None:
    (end,) = await _left(Admitted(ROW, known=False, part=None), times)
    assert (end.type, end.reason, end.change["complete"]) == ("document.delivered", "server-stopped", False)


@pytest.mark.parametrize("outcome", [None, RuntimeError("the database is gone")])
async def test_what_was_not_admitted_leaves_nothing(outcome: Exception | None) -> None:
    assert await _left(outcome, 1) == []
