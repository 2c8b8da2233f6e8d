"""Somebody signed in looks a code up, and signs the device in as themselves or denies it.

Whoever types an open code can look it up: that is how a device is told whose it is. The answer says what
asks, from where and since when, so that one does not sign in what somebody else has begun.
"""

from uuid import UUID

from sqlalchemy import update

from services.auth.devices.codes import typed
from services.auth.devices.queries import lock_open
from services.auth.devices.schemas import DeviceView, UserCode
from services.auth.identity import IdentityKeys
from services.auth.locks import confirm_acting
from services.auth.lookups import Place
from services.auth.resources import Resources
from services.auth.sessions.queries import find_live
from services.auth.sessions.starting import begin_session
from services.auth.throttle import DEVICE_CODES, Attempt, count_attempt, give_back, network_of
from services.auth.tokens import Bearer
from services.auth.visit import Visit
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM
from services.kernel.principal import Principal
from services.kernel.problems import NotFound, SessionEnded, Unauthorized
from services.tables.devices import DeviceRequest
from services.tables.sessions import Session


async def find_device(visit: Visit, body: UserCode) -> DeviceView:
    """What waits behind a code.

    Raises:
        NotFound: there is no such code, or it is over, or was decided on.
        TooManyRequests: the principal has typed too many that were none.
    """
    principal, attempt = await _count(visit)
    async with visit.act(principal.organization, PLATFORM) as act:
        row = await _open_request(visit, act, body)
        await give_back(act.session, attempt)
        view = _view(visit, row)
        await _record(act, "device.viewed", view)
    return view


async def approve_device(visit: Visit, body: UserCode) -> DeviceView:
    """Sign the device in as the principal, in a session of its own with the principal's own proof.

    Raises: as `find_device`.
    """
    principal, attempt = await _count(visit)
    async with visit.act(principal.organization, PLATFORM) as act:
        await confirm_acting(act)
        row = await _open_request(visit, act, body)
        await give_back(act.session, attempt)
        view = _view(visit, row)
        bearer = await _sign_in(act, visit.resources)
        await _name(act, visit.resources.keys, bearer.session, view)
        row.decision, row.decided_at = "approved", act.now
        row.organization_id, row.session_id = principal.organization, bearer.session
        change = {"device": str(row.id)}
        begun = Draft("session.started", subject=Subject("session", bearer.session), change=change)
        await act.record(begun, principal.organization)
        await _record(act, "device.approved", view, session=bearer.session)
    return view


async def deny_device(visit: Visit, body: UserCode) -> DeviceView:
    """See to it that nobody signs the device in any more.

    Raises: as `find_device`.
    """
    principal, attempt = await _count(visit)
    async with visit.act(principal.organization, PLATFORM) as act:
        row = await _open_request(visit, act, body)
        await give_back(act.session, attempt)
        row.decision, row.decided_at = "denied", act.now
        view = _view(visit, row)
        await _record(act, "device.denied", view)
    return view


async def _count(visit: Visit) -> tuple[Principal, Attempt]:
    """Count the code as wrong, in a transaction of its own, until it turns out to be right."""
    principal = visit.admission.principal
    if principal is None:
        raise Unauthorized
    who = (principal.id.bytes, visit.address)
    attempt = Attempt.of(visit.resources.keys, DEVICE_CODES, principal.organization, who)
    async with visit.transaction(principal.organization) as session:
        now = visit.now()
        await check_session(session, principal, now)
        await count_attempt(session, attempt, now)
    return principal, attempt


async def _sign_in(act: Act, resources: Resources) -> Bearer:
    """A session of the principal's that is worth no more than the one they approve in."""
    principal = act.principal
    mine = await find_live(act.session, Place(principal.organization, principal.session), act.now)
    if mine is None:
        raise SessionEnded
    member = Place(principal.organization, principal.id)
    return await begin_session(act, resources, member, mine)


async def _open_request(visit: Visit, act: Act, body: UserCode) -> DeviceRequest:
    code = typed(body.user_code.get_secret_value())
    if code is None:
        raise NotFound
    row = await lock_open(act.session, visit.resources.keys.user_code_index(code), act.now)
    if row is None:
        raise NotFound
    return row


def _view(visit: Visit, row: DeviceRequest) -> DeviceView:
    keys = visit.resources.keys
    address = keys.open_device(row.id, "address_sealed", row.address_sealed)
    named = row.name_sealed
    return DeviceView(
        id=row.id,
        name=None if named is None else keys.open_device(row.id, "name_sealed", named),
        address=address,
        from_here=network_of(address) == network_of(visit.address),
        requested_at=row.created_at,
        expires_at=row.expires_at,
    )


async def _name(act: Act, keys: IdentityKeys, session: UUID, view: DeviceView) -> None:
    """The session is listed by the name that the device gave itself."""
    if view.name is None:
        return
    tenant = act.principal.organization
    sealed = keys.seal_session(tenant, session, view.name)
    await act.session.execute(
        update(Session).where(Session.tenant_id == tenant, Session.id == session).values(name_sealed=sealed)
    )


async def _record(act: Act, kind: str, view: DeviceView, *, session: UUID | None = None) -> None:
    change = {} if session is None else {"session": str(session)}
    personal = {"device_address": view.address, "device_name": view.name or ""}
    draft = Draft(kind, subject=Subject("device", view.id), change=change, personal=personal)
    await act.record(draft, act.principal.organization)
