"""The teller: reads what is new in every log, and writes mail to the people whom it concerns.

It follows the leaves of each log, which are gapless and never reordered, so that nothing committed late is
passed over; the place it has reached is committed with the mail, so that each thing is told once. What has
lain longer than `NEWS` is no news: a log that is read for the first time tells nobody of last year.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import asyncpg

from services.auth.identity import IdentityKeys
from services.auth.mail.letters import Letter
from services.auth.mail.outbox import Posting, post_on
from services.auth.notices import statements, wording
from services.auth.notices.wording import Row, Words
from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.kernel.clock import timestamp
from services.kernel.database import TENANTS_SETTING
from services.kernel.logs import logger
from services.keys.fields import FieldError

CONSUMER = "notices"
NEWS = timedelta(hours=48)
WARNED_BEFORE_END = timedelta(hours=48)
USE = timedelta(days=3)
"""How long a notice is worth sending."""

LOOK_FOR_ENDING_SECONDS = 5.0
_LEAVES_AT_ONCE = 1000
_ENDING_AT_ONCE = 100
_log = logger("auth")


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom an event concerns, if it ended so. `recipients` is a statement."""

    outcome: str
    recipients: str


CONCERNS: Mapping[str, Concern] = MappingProxyType(
    {
        "grant.given": Concern("allowed", statements.HOLDER),
        "grant.revoked": Concern("allowed", statements.HOLDER),
        "engagement.ended": Concern("allowed", statements.ENGAGED),
        "access_request.made": Concern("allowed", statements.ASKED),
        "access_request.declined": Concern("allowed", statements.ANSWERED),
        "document.quarantined": Concern("denied", statements.QUARANTINED),
        "token.reuse_detected": Concern("denied", statements.SIGNED_IN),
        "member.sponsor.left": Concern("allowed", statements.ADMINISTRATORS),
        **dict.fromkeys(wording.OF_ACCOUNTS, Concern("allowed", statements.ACCOUNT)),
    }
)
ENDING = "grant.ending"
WORDS: Mapping[str, Callable[[Row, str], Words]] = MappingProxyType(
    {
        "grant.given": wording.grant_given,
        "grant.revoked": wording.grant_revoked,
        "engagement.ended": wording.engagement_ended,
        "access_request.made": wording.access_requested,
        "access_request.declined": wording.request_declined,
        "document.quarantined": wording.quarantined,
        "token.reuse_detected": wording.token_reused,
        "member.sponsor.left": wording.sponsor_left,
        ENDING: wording.grant_ending,
        **dict.fromkeys(wording.OF_ACCOUNTS, wording.account_changed),
    }
)


class Teller:
    """Works on the courier's connection, while the courier holds its lock."""

    def __init__(self, keys: IdentityKeys, recorder: Recorder, url: str) -> None:
        self._keys = keys
        self._recorder = recorder
        self._url = url
        self._next_look = 0.0

    async def round(self, connection: asyncpg.Connection, now: datetime) -> None:
        """One look at every log that has grown, and now and then at what is about to end."""
        for row in await connection.fetch(statements.BEHIND, CONSUMER):
            end = min(row["size"], row["first"] + _LEAVES_AT_ONCE)
            async with connection.transaction():
                await self._read(connection, row, end, now)
                await connection.execute(statements.ADVANCE, row["tenant_id"], CONSUMER, end)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_FOR_ENDING_SECONDS
            async with connection.transaction():
                await self._warn(connection, now)

    async def _read(
        self, connection: asyncpg.Connection, place: asyncpg.Record, end: int, now: datetime
    ) -> None:
        """Tell of what happened from `place` up to but without `end`."""
        tenant = place["tenant_id"]
        happened = await connection.fetch(
            statements.HAPPENED, tenant, place["first"], end, list(CONCERNS), now - NEWS
        )
        for event in happened:
            concern = CONCERNS[event["type"]]
            if event["outcome"] != concern.outcome:
                continue
            people = await connection.fetch(concern.recipients, tenant, event["object_id"], event["at"])
            for person in people:
                row = {**person, "firm": tenant, "at": event["at"], "source": event["id"]}
                await self._tell(connection, event["type"], row, now)

    async def _warn(self, connection: asyncpg.Connection, now: datetime) -> None:
        ending = await connection.fetch(
            statements.ENDING, now, now + WARNED_BEFORE_END, ENDING, _ENDING_AT_ONCE
        )
        recorded = set()
        for grant in ending:
            row = {**grant, "source": grant["about"]}
            told = await self._tell(connection, ENDING, row, now)
            if told and grant["about"] not in recorded:  # a team's grant has several holders
                recorded.add(grant["about"])
                await self._record(connection, grant)

    async def _record(self, connection: asyncpg.Connection, grant: asyncpg.Record) -> None:
        """In the firm's log too, from where the feed of changes tells it."""
        tenant = grant["firm"]
        await connection.execute("SELECT set_config($1, $2, true)", TENANTS_SETTING, str(tenant))
        subject = Subject("grant", grant["about"], grant["matter_id"])
        change: dict[str, object] = {"ends_at": timestamp(grant["ends_at"])}
        await self._recorder.append(connection, tenant, Draft(ENDING, "info", None, subject, change), None)

    async def _tell(
        self, connection: asyncpg.Connection, kind: str, row: dict[str, Any], now: datetime
    ) -> bool:
        """Whether they had not been told before."""
        words = WORDS[kind]({**row, "kind": kind}, self._url)
        tenant, member = row["tenant_id"], row["member_id"]
        if await connection.fetchval(statements.GIVE, tenant, member, kind, row["source"], now) is None:
            return False
        if row["email_sealed"] is None:  # a program is told nothing: it reads
            return True
        try:
            address = self._keys.open_email(tenant, member, row["email_sealed"])
        except FieldError as error:
            _log.error("an address does not open", member=str(member), exc_info=error)
            return True
        posting = Posting(tenant, kind, row["about"], Letter(address, *words), now + USE)
        await post_on(connection, self._keys, posting, now)
        return True
