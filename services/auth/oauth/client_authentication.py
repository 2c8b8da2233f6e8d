"""How a program shows who it is: an assertion signed with one of its keys (RFC 7521, RFC 7523).

Until a signature is found good, everybody is refused alike and counted, since anybody can name a client. From
then on the refusal is an event of the client's organization: somebody has its key.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.clients import queries
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.oauth.endpoints import TOKEN_PATH
from services.auth.oauth.errors import (
    AssertionReplayed,
    ClientAddressRefused,
    ClientEnded,
    ClientKeyEnded,
    ClientRefused,
)
from services.auth.oauth.forms import Form
from services.auth.throttle import (
    ASSERTIONS,
    SWEPT_AT_ONCE,
    Attempt,
    count_attempt,
    give_back,
    give_back_source,
    network_of,
)
from services.auth.visit import Visit
from services.evidence.act import Act
from services.evidence.event import Subject
from services.kernel.ids import PLATFORM
from services.kernel.networks import within
from services.keys.client_assertions import (
    ClientAssertion,
    Presented,
    read_presented,
    verify_client_assertion,
)
from services.keys.keyring import VerificationKey
from services.keys.verification import TokenError
from services.tables.clients import Client, ClientKey
from services.tables.clients import ClientAssertion as UsedAssertion

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KEPT_LONGER: Final = timedelta(minutes=1)  # another node's clock may be behind


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that has shown a key of its own. Whether it may go on, `require_live` says."""

    place: Place
    kid: str


@dataclass(frozen=True, slots=True)
class LiveClient:
    """A program that may go on, and the key that it has shown; both stay as they are until the act ends."""

    client: Client
    key: ClientKey


def presents_assertion(form: Form) -> bool:
    return "client_assertion" in form


async def authenticate(visit: Visit, form: Form, path: str) -> Caller:
    """Whose key signed the assertion in `form`, which is used up with that.

    Raises:
        ClientRefused: it shows none; `reason` says for the evidence why.
        AssertionReplayed: it was used before.
        TooManyRequests: too many were refused lately, of this client from there, or from there.
    """
    presented = _presented(form)
    place = await _place(visit, presented)
    tenant, name = (PLATFORM, presented.client.encode()) if place is None else (place.tenant, place.id.bytes)
    attempt = Attempt.of(visit.resources.keys, ASSERTIONS, tenant, (name, visit.address))
    # Of programs alone: one with a wrong clock must not keep the people beside it from signing in.
    source = visit.resources.keys.throttle_source("assertion-source", b"", network_of(visit.address))
    async with visit.transaction(tenant, PLATFORM) as session:
        await count_attempt(session, attempt, visit.now(), source=source)
    if place is None:
        raise _refused("client-unknown")
    caller = Caller(place, presented.kid)
    assertion = await _verify(visit, caller, presented, path)
    async with visit.transaction(tenant, PLATFORM) as session:
        fresh = await _use(session, place, assertion, visit)
        if fresh:
            await give_back(session, attempt)
            await give_back_source(session, source)
    if not fresh:
        async with visit.identified(place.tenant, Subject("client", place.id)):
            raise AssertionReplayed
    return caller


async def require_live(act: Act, caller: Caller) -> LiveClient:
    """The client as it stands.

    Raises:
        ClientEnded: it was disabled, its term is over, or its organization is closed.
        ClientKeyEnded: the key was revoked, or its term is over.
        ClientAddressRefused: it may not come from where it comes from.
    """
    session, place = act.session, caller.place
    await lock_member(session, place)
    row = await queries.read_client(session, place)
    key = await queries.read_key(session, place, caller.kid)
    if row is None or row[1].state != "active" or row[0].expires_at <= act.now:
        raise ClientEnded
    if not await queries.is_open(session, place.tenant):
        raise ClientEnded
    if key is None or key.revoked_at is not None or key.expires_at <= act.now:
        raise ClientKeyEnded
    client = row[0]
    if client.networks and not within(act.admission.address, client.networks):
        raise ClientAddressRefused
    return LiveClient(client, key)


def _presented(form: Form) -> Presented:
    text, kind = form.get("client_assertion"), form.get("client_assertion_type")
    if text is None or kind != ASSERTION_TYPE:
        raise _refused("assertion-missing")
    try:
        presented = read_presented(text)
    except TokenError as error:
        raise _refused(f"assertion-{error.reason}") from error
    if form.get("client_id", presented.client) != presented.client:
        raise _refused("assertion-wrong-issuer")
    return presented


async def _place(visit: Visit, presented: Presented) -> Place | None:
    try:
        client = UUID(presented.client)
    except ValueError:
        return None
    if str(client) != presented.client:
        return None
    return await queries.find_client(visit.resources.signin, client)


async def _verify(visit: Visit, caller: Caller, presented: Presented, path: str) -> ClientAssertion:
    async with visit.transaction(caller.place.tenant) as session:
        key = await queries.read_key(session, caller.place, caller.kid)
    if key is None:
        raise _refused("assertion-unknown-key")
    url = visit.resources.settings.public_url
    audiences = {url, url + TOKEN_PATH, url + path}
    try:
        return verify_client_assertion(presented, VerificationKey.from_jwk(key.jwk), audiences, visit.now())
    except TokenError as error:
        raise _refused(f"assertion-{error.reason}") from error


async def _use(session: AsyncSession, client: Place, assertion: ClientAssertion, visit: Visit) -> bool:
    """Whether this is the first use: of many at the same time, one is."""
    digest = hashlib.sha256(client.id.bytes + assertion.jti.encode()).digest()
    used = insert(UsedAssertion).values(
        tenant_id=client.tenant, digest=digest, expires_at=assertion.ends + _KEPT_LONGER
    )
    first = await session.scalar(used.on_conflict_do_nothing().returning(UsedAssertion.digest))
    over = (
        select(UsedAssertion.digest)
        .where(UsedAssertion.tenant_id == client.tenant, UsedAssertion.expires_at < visit.now())
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    digests = list(await session.scalars(over))
    if digests:
        await session.execute(
            delete(UsedAssertion).where(
                UsedAssertion.tenant_id == client.tenant, UsedAssertion.digest.in_(digests)
            )
        )
    return first is not None


def _refused(reason: str) -> ClientRefused:
    refused = ClientRefused()
    refused.reason = reason
    return refused
